// SPDX-License-Identifier: Apache-2.0
// The merging that SPM and byte-level BPE share: join the best adjacent pair until none is left.
// n symbols take O(n log n). Private to tokenizer/.
#ifndef TOKENIZER_MERGER_H
#define TOKENIZER_MERGER_H

#include "tokenizer/tokenizer.h"

struct symbol {
    size_t start, len; // in the text; len 0 marks a symbol that was joined to its left neighbour
    size_t prev, next; // neighbours; MERGER_NONE at the ends
    token_id id;
};

#define MERGER_NONE SIZE_MAX

struct candidate {
    uint32_t rank; // lowest first, then leftmost
    token_id id;   // of the joined symbol
    size_t left, right, len;
};

struct merger {
    struct symbol *symbols;
    size_t count, cap;
    struct candidate *heap;
    size_t heap_count, heap_cap;
};

void merger_add(struct merger *m, size_t start, size_t len, token_id id);
// Joins pairs for which pair() returns true (with rank and id set), best rank first. The result is
// the symbols with len > 0, in order.
typedef bool merger_pair(const void *context, const struct symbol *left, const struct symbol *right,
                         uint32_t *rank, token_id *id);
void merger_run(struct merger *m, merger_pair *pair, const void *context);
void merger_clear(struct merger *m);
void merger_free(struct merger *m);

#endif
