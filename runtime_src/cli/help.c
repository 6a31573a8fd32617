// SPDX-License-Identifier: Apache-2.0
// The manual, made of the table of options.
#include <string.h>

#include "cli/options.h"

#define INDENT 2
#define COLUMN 30 // where the explanations begin
#define MIN_WIDTH 60
#define MAX_WIDTH 100 // longer lines are hard to read

// Appends words of `text` from column `at` on, lines continued at column `indent`.
static void wrap(struct buf *out, const char *text, int at, int indent, int width)
{
    bool first = true;
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (!first && at + 1 + len > width) {
            buf_printf(out, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        buf_printf(out, "%s%.*s", first ? "" : " ", len, text);
        at += len + !first;
        first = false;
        text += len;
        text += strspn(text, " ");
    }
    buf_putc(out, '\n');
}

static void paragraph(struct buf *out, const char *text, int width)
{
    buf_printf(out, "%*s", INDENT, "");
    wrap(out, text, INDENT, INDENT, width);
}

static void append_default(struct buf *out, const struct option *row, const struct options *o)
{
    const char *field = (const char *)o + row->at;
    if (row->kind == OPT_INT)
        buf_printf(out, "%d", *(const int *)(const void *)field);
    else if (row->kind == OPT_FLOAT)
        buf_printf(out, "%g", (double)*(const float *)(const void *)field);
}

static void option_help(struct buf *out, const struct option *row, const struct options *defaults,
                        int width)
{
    struct buf names = {0}, text = {0};
    if (row->alias)
        buf_printf(&names, "%s, ", row->alias);
    buf_puts(&names, row->name);
    if (row->arg)
        buf_printf(&names, " %s", row->arg);
    for (const char *p = row->text; *p; p++) {
        if (*p == '%')
            append_default(&text, row, defaults);
        else
            buf_putc(&text, *p);
    }
    buf_printf(out, "%*s%s", INDENT, "", names.data);
    int at = INDENT + (int)names.len;
    if (at + 2 > COLUMN)
        buf_printf(out, "\n%*s", COLUMN, "");
    else
        buf_printf(out, "%*s", COLUMN - at, "");
    wrap(out, text.data, COLUMN, COLUMN, width);
    buf_free(&names);
    buf_free(&text);
}

void options_help(struct buf *out, const char *program, int width)
{
    struct options defaults;
    options_defaults(&defaults);
    width = width < MIN_WIDTH ? MIN_WIDTH : width > MAX_WIDTH ? MAX_WIDTH : width;

    buf_puts(out, "NAME\n");
    buf_printf(out, "  %s - run a language model from one file\n\n", program);
    buf_puts(out, "SYNOPSIS\n");
    buf_printf(out, "  %s [-m FILE] [--chat] [options]\n", program);
    buf_printf(out, "  %s [-m FILE] -p TEXT [options]\n", program);
    buf_printf(out, "  command | %s [-m FILE] [options]\n", program);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *row = &option_table[i];
        if (row->group)
            buf_printf(out, "\n%s\n", row->group);
        else
            option_help(out, row, &defaults, width);
    }
    buf_puts(out, "\nThe .args member\n");
    paragraph(out,
              "Arguments that the file itself carries come before those of the command line, or "
              "around them where .args says \"...\". What is typed wins: the last value of an "
              "option counts, and a mode on the command line goes before one in .args.",
              width);
    buf_puts(out, "\nOutput\n");
    paragraph(out,
              "Generated text goes to standard output, everything else to standard error. A "
              "chat model's template is applied to the prompt unless --raw is given.",
              width);
    buf_puts(out, "\nExit status\n");
    paragraph(out, "0 success, 1 failure, 2 wrong usage, 130 interrupted by Ctrl-C.", width);
}
