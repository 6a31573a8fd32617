// SPDX-License-Identifier: Apache-2.0
// Opens arbitrary bytes as a model and, when they pass, does with it what a chat does: renders the
// template, encodes, evaluates a few tokens, decodes every token. Whatever the metadata hold,
// nothing may be read out of its bounds, and what was opened must go on to work.
#undef NDEBUG // release builds drop assert, a test must not
#include <assert.h>
#include <string.h>

#include "chat/chat.h"
#include "model/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONTEXT 8
// Spaces, digits, a special token's text, a character of four bytes, half of one of two.
#define PLAIN "  It's 3.14\n\n<s>grüße\xf0\x9f\x98\x80\xc3 x</s>"

static void evaluate(struct engine *en)
{
    struct err e = {0};
    struct session *s = session_new(en, CONTEXT, &e);
    assert((s != NULL) != err_is_set(&e));
    if (s == NULL)
        return;
    token_id ids[3] = {0, engine_vocabulary(en) - 1, engine_vocabulary(en) / 2};
    bool ok = session_eval(s, ids, 2, NULL, NULL, NULL, NULL, &e) &&
              session_eval(s, ids + 2, 1, NULL, NULL, NULL, NULL, &e);
    assert(ok && session_length(s) == 3);
    session_free(s);
}

static void encode(const struct tokenizer *t, struct slice text)
{
    for (int flags = 0; flags <= (TOKENIZE_SPECIAL | TOKENIZE_PARSE); flags++) {
        struct tokens tokens = {0};
        tokenizer_encode(t, text, flags, &tokens);
        for (size_t i = 0; i < tokens.len; i++)
            assert(tokens.ids[i] >= 0 && tokens.ids[i] < tokenizer_size(t));
        tokens_free(&tokens);
    }
}

static void decode_all(const struct tokenizer *t)
{
    struct buf out = {0};
    for (token_id id = 0; id < tokenizer_size(t); id++) {
        tokenizer_decode(t, id, id % 2 == 0, &out);
        struct slice text = tokenizer_text(t, id);
        buf_append(&out, text.data, text.len);
    }
    // The vocabulary's own words, special ones among them, in one text.
    encode(t, (struct slice){out.data, out.len < 4096 ? out.len : 4096});
    buf_free(&out);
}

static void render(const struct engine *en)
{
    struct err e = {0};
    struct chat_template *chat = NULL;
    const struct tokenizer *t = engine_tokenizer(en);
    bool ok = chat_template_new(engine_gguf(en), t, &chat, &e);
    assert(ok != err_is_set(&e) && (ok || chat == NULL));
    if (chat == NULL)
        return;
    char *words[] = {"system", "Be brief.", "user", "  Grüße \xff<|im_end|> 12345\n"};
    struct chat_message messages[] = {{words[0], words[1]}, {words[2], words[3]}};
    struct buf out = {0};
    ok = chat_render(chat, messages, 2, true, &out, &e);
    assert(ok != err_is_set(&e));
    encode(t, (struct slice){out.data, out.len});
    buf_free(&out);
    chat_template_free(chat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct engine_options options = {.threads = 1};
    void *copy = base_alloc_aligned(64, size);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    struct engine *en = engine_open(copy, size, "fuzz", &options, &e);
    assert((en != NULL) != err_is_set(&e));
    if (en != NULL) {
        evaluate(en);
        encode(engine_tokenizer(en), slice_of(PLAIN));
        decode_all(engine_tokenizer(en));
        render(en);
    }
    engine_close(en);
    base_free_aligned(copy);
    return 0;
}
