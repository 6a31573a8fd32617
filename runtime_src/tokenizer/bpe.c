// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE (GPT-2 and after): words from the pre-tokenizer, as bytes, joined by the list of
// merges. The vocabulary spells each byte as one visible character: the printable ones of Latin-1
// as themselves, the others as U+0100 and up in order.
#include <string.h>

#include "base/utf8.h"
#include "tokenizer/families.h"

#define LAST_SPELLING (0x100 + 68) // 68 of the 256 bytes are not printable

static bool spelled_as_itself(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xff && byte != 0xad);
}

static void put_spelling(uint32_t code, struct buf *out)
{
    char bytes[UTF8_MAX];
    buf_append(out, bytes, utf8_put(bytes, code));
}

void bpe_find_bytes(struct tokenizer *t)
{
    uint32_t next = 0x100;
    struct buf text = {0};
    for (int b = 0; b < 256; b++) {
        t->spelling[b] = spelled_as_itself(b) ? (uint32_t)b : next++;
        text.len = 0;
        put_spelling(t->spelling[b], &text);
        t->bytes[b] = vocab_find(&t->vocab, (struct slice){text.data, text.len});
    }
    buf_free(&text);
}

static bool bpe_pair(const void *context, const struct symbol *left, const struct symbol *right,
                     uint32_t *rank, token_id *id)
{
    const struct merge *m = vocab_merge(context, left->id, right->id);
    if (!m)
        return false;
    *rank = m->rank;
    *id = m->merged;
    return true;
}

// The token whose text is the whole word, or -1.
static token_id whole_word(struct encoder *e, struct slice word)
{
    e->text.len = 0;
    for (size_t i = 0; i < word.len; i++)
        put_spelling(e->t->spelling[(unsigned char)word.data[i]], &e->text);
    token_id id = vocab_find(&e->t->vocab, (struct slice){e->text.data, e->text.len});
    return id >= 0 && e->t->vocab.tokens[id].type == TOKEN_NORMAL ? id : -1;
}

static void encode_word(void *context, struct slice word)
{
    struct encoder *e = context;
    const struct tokenizer *t = e->t;
    token_id whole = pretokenizer_ignores_merges(t->pre) ? whole_word(e, word) : -1;
    if (whole >= 0) {
        tokens_push(e->out, whole);
        return;
    }
    struct merger *m = &e->merger;
    merger_clear(m);
    for (size_t i = 0; i < word.len; i++)
        merger_add(m, i, 1, t->bytes[(unsigned char)word.data[i]]);
    merger_run(m, bpe_pair, &t->vocab);
    for (size_t i = 0; i != MERGER_NONE; i = m->symbols[i].next) {
        // A byte without a token is the unknown token, or nothing where the model has none.
        token_id id = m->symbols[i].id >= 0 ? m->symbols[i].id : t->unknown;
        if (id >= 0)
            tokens_push(e->out, id);
    }
}

void bpe_encode(struct encoder *e, struct slice text)
{
    pretokenizer_split(e->t->pre, text, encode_word, e);
}

void bpe_decode(const struct tokenizer *t, struct slice text, struct buf *out)
{
    unsigned char byte_of[LAST_SPELLING] = {0};
    bool known[LAST_SPELLING] = {0};
    for (int b = 0; b < 256; b++) {
        byte_of[t->spelling[b]] = (unsigned char)b;
        known[t->spelling[b]] = true;
    }
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t c;
        n = utf8_read(text, i, &c);
        if (c < LAST_SPELLING && known[c])
            buf_putc(out, (char)byte_of[c]);
        else
            buf_append(out, text.data + i, n); // not a spelling: as it stands
    }
}
