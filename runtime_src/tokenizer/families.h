// SPDX-License-Identifier: Apache-2.0
// What a tokenizer holds, and the two vocabulary families behind one interface. Private to
// tokenizer/.
#ifndef TOKENIZER_FAMILIES_H
#define TOKENIZER_FAMILIES_H

#include "tokenizer/merger.h"
#include "tokenizer/pretokenizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocab.h"

struct tokenizer {
    struct vocab vocab;
    bool byte_level;          // byte-level BPE; else SPM
    struct pretokenizer *pre; // byte level only
    token_id bytes[256];      // the token of each byte; -1 when there is none
    uint32_t spelling[256];   // byte level: the code point that stands for each byte
    token_id bos, eos, eot, unknown;
    bool adds_bos, adds_eos, adds_space;
    bool *ends; // per token: ends a generation
};

// Scratch memory of one call of tokenizer_encode.
struct encoder {
    const struct tokenizer *t;
    struct tokens *out;
    struct merger merger;
    struct buf text; // the fragment as the vocabulary spells it
};

// Each appends the tokens of a text that holds no special token (which callers have cut out). For
// SPM the text is the one with spaces replaced already.
void spm_encode(struct encoder *e, struct slice text);
void bpe_encode(struct encoder *e, struct slice text);
// Appends text as SPM spells it: spaces become U+2581, one of them in front when the model adds it.
void spm_escape(const struct tokenizer *t, struct slice text, struct buf *out);

void spm_find_bytes(struct tokenizer *t);
void bpe_find_bytes(struct tokenizer *t);
void spm_decode(struct slice text, struct buf *out);
void bpe_decode(const struct tokenizer *t, struct slice text, struct buf *out);

#endif
