// SPDX-License-Identifier: Apache-2.0
// UTF-8, for texts of any origin: no function here reads past its text, whatever the bytes are, and
// broken bytes become U+FFFD as Python's bytes.decode("utf-8", "replace") makes them.
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/base.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" // U+FFFD
#define UTF8_MAX 4                      // bytes of the longest character

enum utf8_kind {
    UTF8_GOOD, // a character
    UTF8_BAD,  // bytes that can become none: the longest start of a character, at least one byte
    UTF8_CUT   // the text ends inside a character: more bytes could complete it
};

struct utf8 {
    enum utf8_kind kind;
    size_t len;    // bytes it takes, 1 to 4
    uint32_t code; // U+FFFD unless it is good
};

// What stands at the start of a text that is not empty.
struct utf8 utf8_at(struct slice text);
// The same at text.data[pos], pos < text.len, for callers to whom broken is U+FFFD: its length.
size_t utf8_read(struct slice text, size_t pos, uint32_t *code);
// The start of what utf8_read gave just before pos > 0.
size_t utf8_back(struct slice text, size_t pos);
// Writes a code point that is no surrogate and at most U+10FFFF; returns its length.
size_t utf8_put(char out[UTF8_MAX], uint32_t code);
bool utf8_is_valid(struct slice text);
// The text itself when it is valid; else *repaired, zero-initialised, is filled with the text with
// a U+FFFD for each broken part, and returned.
struct slice utf8_repair(struct slice text, struct buf *repaired);

#endif
