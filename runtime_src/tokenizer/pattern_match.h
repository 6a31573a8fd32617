// SPDX-License-Identifier: Apache-2.0
// What a pattern is compiled to. Only pattern.c (which writes it) and pattern_match.c (which runs
// it) look inside.
#ifndef TOKENIZER_PATTERN_MATCH_H
#define TOKENIZER_PATTERN_MATCH_H

#include "tokenizer/unicode.h"

struct code_range {
    uint32_t from, to;
};

struct code_set {
    bool ascii[128];       // the answer for U+0000 to U+007F
    uint32_t categories;   // bit per enum unicode_category
    bool space, not_space; // holds \s, holds \S
    bool negated;
    struct code_range *ranges;
    size_t range_count;
};

bool code_set_has(const struct code_set *s, uint32_t code);

enum item_kind { ITEM_SET, ITEM_GROUP, ITEM_NOT_AHEAD, ITEM_LINE_END, ITEM_DONE };

#define ITEM_NO_LIMIT SIZE_MAX

struct item {
    enum item_kind kind;
    struct code_set set; // SET and NOT_AHEAD
    size_t min, max;     // how often: SET any numbers, GROUP 0 or 1
    char **literals;     // GROUP
    size_t literal_count;
    bool fold_case;
};

// Alternatives one after the other, each closed by an ITEM_DONE.
struct pattern {
    struct item *items;
    size_t item_count;
    size_t *alternatives; // index of the first item of each
    size_t alternative_count;
};

#endif
