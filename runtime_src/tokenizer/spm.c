// SPDX-License-Identifier: Apache-2.0
// SentencePiece BPE: characters are joined to the piece of the highest score; what is no piece in
// the end becomes byte tokens, or the unknown token where the vocabulary has no bytes.
#include <string.h>

#include "base/utf8.h"
#include "tokenizer/families.h"

#define SPACE "\xe2\x96\x81" // U+2581, which stands for a space

void spm_escape(const struct tokenizer *t, struct slice text, struct buf *out)
{
    if (t->adds_space && text.len)
        buf_puts(out, SPACE);
    size_t done = 0;
    for (const char *at; (at = memchr(text.data + done, ' ', text.len - done)); done++) {
        size_t n = (size_t)(at - text.data) - done;
        buf_append(out, text.data + done, n);
        buf_puts(out, SPACE);
        done += n;
        if (done + 1 == text.len)
            return;
    }
    buf_append(out, text.data + done, text.len - done);
}

void spm_find_bytes(struct tokenizer *t)
{
    for (int b = 0; b < 256; b++) {
        static const char digits[] = "0123456789ABCDEF";
        char name[] = {'<', '0', 'x', digits[b >> 4], digits[b & 15], '>'};
        token_id id = vocab_find(&t->vocab, (struct slice){name, sizeof name});
        t->bytes[b] = id >= 0 && t->vocab.tokens[id].type == TOKEN_BYTE ? id : -1;
    }
}

struct spm_context {
    const struct vocab *vocab;
    const char *text;
};

// Highest score first, as an unsigned rank: the float's bits in ascending order, turned round.
static uint32_t rank_of(float score)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    uint32_t ascending = bits >> 31 ? ~bits : bits | 0x80000000u;
    return ~ascending;
}

// Whether text may become this token: control, unknown and byte tokens are no pieces.
static bool is_piece(const struct token_info *t)
{
    return t->type == TOKEN_NORMAL || t->type == TOKEN_USER_DEFINED || t->type == TOKEN_UNUSED;
}

static bool spm_pair(const void *context, const struct symbol *left, const struct symbol *right,
                     uint32_t *rank, token_id *id)
{
    const struct spm_context *c = context;
    *id = vocab_find(c->vocab, (struct slice){c->text + left->start, left->len + right->len});
    if (*id < 0)
        return false;
    const struct token_info *t = &c->vocab->tokens[*id];
    if (!is_piece(t))
        return false;
    *rank = rank_of(t->score == 0.0f ? 0.0f : t->score); // -0 ranks as 0
    return true;
}

// The tokens of one symbol that no merge made and no piece matches.
static bool push_unknown(struct encoder *e, struct slice symbol, bool after_unknown)
{
    const struct tokenizer *t = e->t;
    bool bytes = true;
    for (size_t i = 0; i < symbol.len; i++)
        bytes = bytes && t->bytes[(unsigned char)symbol.data[i]] >= 0;
    for (size_t i = 0; bytes && i < symbol.len; i++)
        tokens_push(e->out, t->bytes[(unsigned char)symbol.data[i]]);
    // A run of unknown characters is one unknown token.
    if (!bytes && !after_unknown && t->unknown >= 0)
        tokens_push(e->out, t->unknown);
    return !bytes;
}

void spm_encode(struct encoder *e, struct slice text)
{
    struct merger *m = &e->merger;
    merger_clear(m);
    for (size_t pos = 0, n; pos < text.len; pos += n) {
        uint32_t code;
        n = utf8_read(text, pos, &code);
        token_id id = vocab_find(&e->t->vocab, (struct slice){text.data + pos, n});
        merger_add(m, pos, n, id >= 0 && is_piece(&e->t->vocab.tokens[id]) ? id : -1);
    }
    merger_run(m, spm_pair, &(struct spm_context){&e->t->vocab, text.data});
    bool after_unknown = false;
    for (size_t i = 0; i < m->count; i = m->symbols[i].next) {
        const struct symbol *s = &m->symbols[i];
        if (s->id >= 0) {
            tokens_push(e->out, s->id);
            after_unknown = false;
        } else {
            after_unknown =
                push_unknown(e, (struct slice){text.data + s->start, s->len}, after_unknown);
        }
        if (s->next == MERGER_NONE)
            break;
    }
}

void spm_decode(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.len;) {
        bool space = text.len - i >= 3 && !memcmp(text.data + i, SPACE, 3);
        buf_putc(out, space ? ' ' : text.data[i]);
        i += space ? 3 : 1;
    }
}
