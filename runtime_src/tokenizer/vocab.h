// SPDX-License-Identifier: Apache-2.0
// The vocabulary as the GGUF stores it, with the look-ups that encoding needs: text to token, the
// special tokens inside a text, and merges by pair. Private to tokenizer/.
#ifndef TOKENIZER_VOCAB_H
#define TOKENIZER_VOCAB_H

#include "tokenizer/tokenizer.h"

// Values of tokenizer.ggml.token_type.
enum token_type {
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN = 2,
    TOKEN_CONTROL = 3,
    TOKEN_USER_DEFINED = 4,
    TOKEN_UNUSED = 5,
    TOKEN_BYTE = 6
};

struct token_info {
    struct slice text; // in the GGUF's mapping
    float score;
    uint8_t type;
};

// A node of the trie of special tokens; 0 is the root and stands for "none" in links.
struct trie_node {
    uint32_t child, sibling;
    token_id id; // -1 when no token ends here
    unsigned char byte;
};

struct merge {
    token_id left, right, merged; // left is -1 in an empty place of the table
    uint32_t rank;
};

struct vocab {
    struct token_info *tokens;
    int count;
    token_id *by_text; // hash table of ids, -1 empty; size is a power of two
    size_t by_text_mask;
    struct trie_node *trie;
    size_t trie_count, trie_cap;
    struct merge *merges; // hash table by pair
    size_t merges_mask;
};

// Reads tokens, scores, types and (when there) merges.
bool vocab_load(struct vocab *v, const struct gguf *g, struct err *e);
void vocab_free(struct vocab *v);

token_id vocab_find(const struct vocab *v, struct slice text); // -1 when absent
// The merge of two tokens, or NULL.
const struct merge *vocab_merge(const struct vocab *v, token_id left, token_id right);
// The longest special token at the start of the text, its length in *len; -1 when there is none.
// Tokens whose text is not valid UTF-8 are never found.
// User-defined tokens always count, control tokens (and the unknown token) only with `control`.
token_id vocab_special(const struct vocab *v, struct slice text, bool control, size_t *len);

#endif
