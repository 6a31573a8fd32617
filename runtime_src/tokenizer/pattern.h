// SPDX-License-Identifier: Apache-2.0
// The few regular-expression forms that published pre-tokenizer patterns are written in, with the
// meaning Oniguruma gives them: backtracking, the first alternative that matches wins.
//   sets     x  \n  \s \S \p{L}  [^\s\p{Lu}a-z]      each with ? * + {n} {n,m}
//   groups   (?:'s|'re)  (?i:'s|'re)  of literals, with an optional ?
//   (?!set)  $           and | between alternatives at the top level
#ifndef TOKENIZER_PATTERN_H
#define TOKENIZER_PATTERN_H

#include "base/base.h"

struct pattern;

// NULL and *e on a form that is not in the list above.
struct pattern *pattern_new(const char *text, struct err *e);
void pattern_free(struct pattern *p);
// Finds the first match at or after `from` in valid UTF-8: its start and end. Empty matches do not
// count.
bool pattern_find(const struct pattern *p, struct slice text, size_t from, size_t *start,
                  size_t *end);

#endif
