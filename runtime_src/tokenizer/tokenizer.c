// SPDX-License-Identifier: Apache-2.0
// The public face: what the metadata says about special tokens, cutting them out of texts, and the
// choice of family.
#include "tokenizer/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tokenizer/families.h"

void tokens_push(struct tokens *t, token_id id)
{
    if (t->len == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->ids = xrealloc(t->ids, t->cap * sizeof *t->ids);
    }
    t->ids[t->len++] = id;
}

void tokens_free(struct tokens *t)
{
    free(t->ids);
    *t = (struct tokens){0};
}

// ---- Loading ----------------------------------------------------------------------------------

// Tokens that end a turn whatever the metadata says.
static const char *const end_names[] = {
    "<|im_end|>",    "<|eot_id|>",
    "<|eom_id|>",    "<|end|>",
    "<|endoftext|>", "<|end_of_text|>",
    "<end_of_turn>", "</s>",
    "<|eot|>",       "<\uff5cend\u2581of\u2581sentence\uff5c>",
};

// The id under `key`; -1 when the key is absent and there is no default.
static token_id special_id(const struct tokenizer *t, const struct gguf *g, const char *key,
                           token_id fallback, struct err *e)
{
    if (!gguf_find(g, key))
        return fallback < t->vocab.count ? fallback : -1;
    int64_t id = gguf_int(g, key, -1, e);
    if (!err_is_set(e) && (id < 0 || id >= t->vocab.count) && (id != UINT32_MAX && id != -1))
        err_set(e, "%s: %s is %lld, but there are %d tokens", gguf_label(g), key, (long long)id,
                t->vocab.count);
    return id >= 0 && id < t->vocab.count ? (token_id)id : -1;
}

static void find_ends(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    t->ends = xcalloc((size_t)t->vocab.count, sizeof *t->ends);
    token_id ids[] = {t->eos, t->eot, special_id(t, g, "tokenizer.ggml.eom_token_id", -1, e)};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (ids[i] >= 0)
            t->ends[ids[i]] = true;
    }
    for (size_t i = 0; i < sizeof end_names / sizeof end_names[0]; i++) {
        token_id id = vocab_find(&t->vocab, slice_of(end_names[i]));
        uint8_t type = id >= 0 ? t->vocab.tokens[id].type : TOKEN_NORMAL;
        if (type == TOKEN_CONTROL || type == TOKEN_USER_DEFINED)
            t->ends[id] = true;
    }
}

static bool load_family(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    struct slice model = gguf_str(g, "tokenizer.ggml.model", "", e);
    if (err_is_set(e))
        return false;
    if (!vocab_load(&t->vocab, g, e))
        return false;
    t->byte_level = slice_is(model, "gpt2");
    if (t->byte_level) {
        struct slice name = gguf_str(g, "tokenizer.ggml.pre", "default", e);
        t->pre = err_is_set(e) ? NULL : pretokenizer_new(name, e);
        bpe_find_bytes(t);
        return t->pre;
    }
    if (!gguf_find(g, "tokenizer.ggml.scores"))
        return err_set(e, "%s: tokenizer.ggml.scores is missing", gguf_label(g));
    spm_find_bytes(t);
    return true;
}

static bool load(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    struct slice model = gguf_str(g, "tokenizer.ggml.model", "", e);
    if (err_is_set(e))
        return false;
    if (!slice_is(model, "llama") && !slice_is(model, "gpt2"))
        return err_set(e, "%s: tokenizer.ggml.model is '%.*s'; this program knows llama and gpt2",
                       gguf_label(g), (int)(model.len < 64 ? model.len : 64), model.data);
    if (!load_family(t, g, e))
        return false;
    // What llama.cpp, which defines these keys, takes where they are absent.
    bool spm = !t->byte_level;
    t->bos = special_id(t, g, "tokenizer.ggml.bos_token_id", spm ? 1 : -1, e);
    t->eos = special_id(t, g, "tokenizer.ggml.eos_token_id", spm ? 2 : -1, e);
    t->eot = special_id(t, g, "tokenizer.ggml.eot_token_id", -1, e);
    t->unknown = special_id(t, g, "tokenizer.ggml.unknown_token_id", spm ? 0 : -1, e);
    bool adds = spm || pretokenizer_adds_bos(t->pre);
    t->adds_bos = gguf_bool(g, "tokenizer.ggml.add_bos_token", adds, e) && t->bos >= 0;
    t->adds_eos = gguf_bool(g, "tokenizer.ggml.add_eos_token", false, e) && t->eos >= 0;
    t->adds_space = spm && gguf_bool(g, "tokenizer.ggml.add_space_prefix", true, e);
    find_ends(t, g, e);
    return !err_is_set(e);
}

struct tokenizer *tokenizer_new(const struct gguf *g, struct err *e)
{
    struct tokenizer *t = xcalloc(1, sizeof *t);
    if (load(t, g, e))
        return t;
    tokenizer_free(t);
    return NULL;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    vocab_free(&t->vocab);
    pretokenizer_free(t->pre);
    free(t->ends);
    free(t);
}

// ---- Questions --------------------------------------------------------------------------------

int tokenizer_size(const struct tokenizer *t)
{
    return t->vocab.count;
}

token_id tokenizer_bos(const struct tokenizer *t)
{
    return t->bos;
}

token_id tokenizer_eos(const struct tokenizer *t)
{
    return t->eos;
}

token_id tokenizer_eot(const struct tokenizer *t)
{
    return t->eot;
}

bool tokenizer_adds_bos(const struct tokenizer *t)
{
    return t->adds_bos;
}

static bool valid(const struct tokenizer *t, token_id id)
{
    return id >= 0 && id < t->vocab.count;
}

bool tokenizer_is_end(const struct tokenizer *t, token_id id)
{
    return valid(t, id) && t->ends[id];
}

bool tokenizer_is_control(const struct tokenizer *t, token_id id)
{
    return valid(t, id) && t->vocab.tokens[id].type == TOKEN_CONTROL;
}

struct slice tokenizer_text(const struct tokenizer *t, token_id id)
{
    return valid(t, id) ? t->vocab.tokens[id].text : (struct slice){"", 0};
}

bool tokenizer_strips_leading_space(const struct tokenizer *t)
{
    return t->adds_space;
}

// ---- Text to tokens ---------------------------------------------------------------------------

// Finds the next special token at or after `from`.
static token_id next_special(const struct tokenizer *t, struct slice text, size_t from,
                             bool control, size_t *start, size_t *len)
{
    for (size_t i = from; i < text.len; i++) {
        token_id id =
            vocab_special(&t->vocab, (struct slice){text.data + i, text.len - i}, control, len);
        if (id >= 0) {
            *start = i;
            return id;
        }
    }
    return -1;
}

// One stretch between special tokens. SPM puts its space in front of each.
static void encode_stretch(struct encoder *e, struct slice text)
{
    if (!text.len)
        return;
    if (e->t->byte_level) {
        bpe_encode(e, text);
        return;
    }
    e->text.len = 0;
    spm_escape(e->t, text, &e->text);
    spm_encode(e, (struct slice){e->text.data, e->text.len});
}

void tokenizer_encode(const struct tokenizer *t, struct slice text, int flags, struct tokens *out)
{
    struct encoder e = {.t = t, .out = out};
    struct buf repaired = {0};
    text = utf8_repair(text, &repaired);
    if (flags & TOKENIZE_SPECIAL && t->adds_bos)
        tokens_push(out, t->bos);
    size_t done = 0, start, len;
    token_id id;
    bool control = flags & TOKENIZE_PARSE;
    while ((id = next_special(t, text, done, control, &start, &len)) >= 0) {
        encode_stretch(&e, (struct slice){text.data + done, start - done});
        tokens_push(out, id);
        done = start + len;
    }
    encode_stretch(&e, (struct slice){text.data + done, text.len - done});
    if (flags & TOKENIZE_SPECIAL && t->adds_eos)
        tokens_push(out, t->eos);
    merger_free(&e.merger);
    buf_free(&e.text);
    buf_free(&repaired);
}

// ---- Tokens to text ---------------------------------------------------------------------------

void tokenizer_decode(const struct tokenizer *t, token_id id, bool special, struct buf *out)
{
    if (!valid(t, id))
        return;
    const struct token_info *token = &t->vocab.tokens[id];
    switch (token->type) {
    case TOKEN_CONTROL:
    case TOKEN_UNKNOWN:
        if (special)
            buf_append(out, token->text.data, token->text.len);
        break;
    case TOKEN_BYTE:
        for (int b = 0; b < 256; b++) {
            if (t->bytes[b] == id)
                buf_putc(out, (char)b);
        }
        break;
    default:
        if (!t->byte_level)
            spm_decode(token->text, out);
        else if (token->type == TOKEN_USER_DEFINED)
            buf_append(out, token->text.data, token->text.len);
        else
            bpe_decode(t, token->text, out);
    }
}
