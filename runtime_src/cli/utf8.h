// SPDX-License-Identifier: Apache-2.0
// UTF-8 as a terminal needs it: characters one by one, and how many columns each takes.
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include "base/base.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" // U+FFFD

// The character at p: its length in bytes; 0 when n bytes hold only the start of one (also for
// n == 0); -1 when p[0] begins no valid character, so that this one byte is to be replaced.
int utf8_decode(const char *p, size_t n, uint32_t *character);
// Columns on a terminal: 0 for combining marks, 2 for East Asian wide ones and emoji, else 1.
int utf8_width(uint32_t character);

#endif
