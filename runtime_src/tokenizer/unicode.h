// SPDX-License-Identifier: Apache-2.0
// Code points: reading and repairing UTF-8, and the general categories that pre-tokenizers ask for.
#ifndef TOKENIZER_UNICODE_H
#define TOKENIZER_UNICODE_H

#include "base/base.h"

// The order is that of CLASSES in unicode_tables.py.
enum unicode_category {
    UNICODE_OTHER, UNICODE_LU, UNICODE_LL, UNICODE_LT, UNICODE_LM, UNICODE_LO,
    UNICODE_M, UNICODE_N, UNICODE_P, UNICODE_S, UNICODE_Z
};

enum unicode_category unicode_category(uint32_t code);
// The White_Space property, which is what \s means in the patterns.
bool unicode_is_space(uint32_t code);

// Reads the character at text[pos]; the text must be valid UTF-8 and pos < len. Returns its length.
size_t unicode_read(const char *text, size_t pos, uint32_t *code);
// The start of the character that ends just before pos > 0 in valid UTF-8.
size_t unicode_back(const char *text, size_t pos);

// Length of the well-formed character at the start, or 0; then *bad is how many bytes one
// replacement character stands for (the longest prefix of a well-formed character, at least 1).
size_t unicode_check(struct slice text, size_t *bad);
// The text itself when it is valid UTF-8; else *repaired is filled with U+FFFD for each bad part,
// as Python's bytes.decode("utf-8", "replace") does, and returned.
struct slice unicode_repair(struct slice text, struct buf *repaired);

#endif
