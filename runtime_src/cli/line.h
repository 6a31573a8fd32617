// SPDX-License-Identifier: Apache-2.0
// A line editor for the terminal: arrows, history, the Emacs keys people know from shells, UTF-8.
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdio.h>

#include "base/base.h"

struct line_editor {
    FILE *screen;   // where the line is shown; NULL without a terminal for it
    char **history; // oldest first
    size_t count;
};

// Ctrl-D or the end of the input, Ctrl-C, an input that cannot be read.
enum line_result { LINE_OK, LINE_END, LINE_CANCELLED, LINE_UNREADABLE };

void line_init(struct line_editor *ed);
void line_free(struct line_editor *ed);
// Reads one line, without its newline; a pasted text may hold newlines inside. Without a terminal
// on standard input, or one to show the line on, there is no editing and no prompt.
enum line_result line_read(struct line_editor *ed, const char *prompt, struct buf *out);
// What the up arrow brings back.
void line_remember(struct line_editor *ed, const char *text);

#endif
