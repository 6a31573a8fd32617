// SPDX-License-Identifier: Apache-2.0
// Code points: the general categories that pre-tokenizers ask for.
#ifndef TOKENIZER_UNICODE_H
#define TOKENIZER_UNICODE_H

#include "base/base.h"

// The order is that of CLASSES in unicode_tables.py.
enum unicode_category {
    UNICODE_OTHER,
    UNICODE_LU,
    UNICODE_LL,
    UNICODE_LT,
    UNICODE_LM,
    UNICODE_LO,
    UNICODE_M,
    UNICODE_N,
    UNICODE_P,
    UNICODE_S,
    UNICODE_Z
};

enum unicode_category unicode_category(uint32_t code);
// The White_Space property, which is what \s means in the patterns.
bool unicode_is_space(uint32_t code);

#endif
