// SPDX-License-Identifier: Apache-2.0
// Where generated text goes: pieces of bytes in, valid UTF-8 out, never half a character.
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "base/base.h"

struct out {
    bool terminal; // control characters that a model makes up are kept from a terminal
    char pending[4];
    int pending_len;
    char last;       // last byte written, 0 before the first
    int error;       // errno of the first write that failed
    struct buf text; // everything written so far
};

// Text goes to stdout.
void out_init(struct out *o);
// False when stdout takes no more: out_flush tells why, and more text is in vain.
bool out_write(struct out *o, const char *data, size_t len);
// An incomplete character becomes U+FFFD; the last line gets its newline if there was any text.
void out_finish(struct out *o);
void out_free(struct out *o);
// Whether everything reached stdout; false with a reason (full disk), or without one when a pipe's
// reader has left: it knows. `o` may be NULL when the text was printed in other ways.
bool out_flush(const struct out *o, struct err *e);

#endif
