// SPDX-License-Identifier: Apache-2.0
// The `.args` member: default arguments that travel with the file. It reads as llamafile's does:
//
//   - Arguments are separated by space, tab, CR, LF, FF or VT. One per line is only a habit.
//   - `#` where an argument would begin starts a comment to the end of the line.
//   - 'single quotes' keep every byte. "double quotes" know \a \b \t \n \v \f \r \e, octal \1 to
//     \377, hexadecimal \x1 to \xff; a backslash before a newline joins the lines; $VAR and ${VAR}
//     are replaced. Quoted and unquoted parts that touch are one argument.
//   - Outside quotes a backslash knows the same letters, makes any other character literal, and
//     joins lines.
//   - $VAR and ${VAR} come from the environment; the text is not split, not expanded again, and
//     empty when the variable is unset. $$ is one dollar sign, as is a $ before anything else.
//   - `...` alone is replaced, there, by the arguments of the command line, the first time; a
//     second one by nothing. Without any they follow at the end.
//   - An empty argument ("") counts, except as the very last thing of the file. A quote that is
//     still open at the end of the file ends there, and so does an open ${, which stays as it is.
//
// Where ours differs: a byte order mark at the start is skipped, and a NUL byte in an argument,
// which would hide the rest of it, is an error.
#include "pack/pack.h"

#include <stdlib.h>
#include <string.h>

struct merger {
    struct cursor in; // .args; the reads past its end are all checked with `more` first
    const char *(*env)(const char *);
    struct buf arg; // the argument being read
    char **rest;    // the user's arguments
    int rest_count; // 0 once inserted
    bool holds_nul;
    struct args *out;
    size_t cap;
};

static bool more(const struct merger *m)
{
    return m->in.pos < m->in.size;
}

// The byte `ahead` positions on, or -1.
static int peek(const struct merger *m, size_t ahead)
{
    return ahead < m->in.size - m->in.pos ? m->in.data[m->in.pos + ahead] : -1;
}

static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void push(struct merger *m, const char *data, size_t len, bool packed)
{
    struct args *out = m->out;
    if ((size_t)out->argc + 2 > m->cap) {
        m->cap = m->cap * 2 + 16;
        out->argv = xrealloc(out->argv, m->cap * sizeof *out->argv);
        out->packed = xrealloc(out->packed, m->cap * sizeof *out->packed);
    }
    m->holds_nul |= len && memchr(data, 0, len);
    out->argv[out->argc] = xstrndup(data ? data : "", len);
    out->packed[out->argc++] = packed;
    out->argv[out->argc] = NULL;
}

static void push_rest(struct merger *m)
{
    for (int i = 0; i < m->rest_count; i++)
        push(m, m->rest[i], strlen(m->rest[i]), false);
    m->rest_count = 0;
}

// After a backslash: consumes the newline of a joined line; false when there is none.
static bool join_lines(struct merger *m)
{
    size_t cr = peek(m, 0) == '\r';
    if (peek(m, cr) != '\n')
        return false;
    m->in.pos += cr + 1;
    return true;
}

// After a backslash: the letter escapes; any other character stands for itself.
static void letter_escape(struct merger *m)
{
    static const char letters[] = "abtnvfre", values[] = "\a\b\t\n\v\f\r\x1b";
    if (!more(m))
        return;
    char c = (char)cursor_u8(&m->in);
    const char *at = c ? strchr(letters, c) : NULL;
    buf_putc(&m->arg, at ? values[at - letters] : c);
}

// After a backslash inside double quotes: numbers too.
static void quoted_escape(struct merger *m)
{
    int c = peek(m, 0), value = 0, digits = 0;
    if (c == 'x' && hex_value(peek(m, 1)) >= 0) {
        m->in.pos++;
        for (; digits < 2 && hex_value(peek(m, 0)) >= 0; digits++)
            value = value * 16 + hex_value(cursor_u8(&m->in));
        buf_putc(&m->arg, (char)value);
    } else if (c >= '0' && c <= '7') {
        for (; digits < 3 && peek(m, 0) >= '0' && peek(m, 0) <= '7'; digits++)
            value = value * 8 + (cursor_u8(&m->in) - '0');
        buf_putc(&m->arg, (char)value);
    } else if (!join_lines(m)) {
        letter_escape(m);
    }
}

// After a dollar sign: $$, $VAR, ${VAR}, or a plain dollar sign.
static void variable(struct merger *m)
{
    bool braces = peek(m, 0) == '{';
    size_t start = m->in.pos + braces, end = start;
    if (peek(m, 0) == '$')
        m->in.pos++;
    while (end < m->in.size && (braces ? m->in.data[end] != '}' : is_name(m->in.data[end])))
        end++;
    if (end == start || (braces && end == m->in.size)) {
        buf_putc(&m->arg, '$');
        return;
    }
    char *name = xstrndup((const char *)m->in.data + start, end - start);
    const char *value = m->env(name);
    buf_puts(&m->arg, value ? value : "");
    free(name);
    m->in.pos = end + braces;
}

static void single_quotes(struct merger *m)
{
    while (more(m)) {
        char c = (char)cursor_u8(&m->in);
        if (c == '\'')
            return;
        buf_putc(&m->arg, c);
    }
}

static void double_quotes(struct merger *m)
{
    while (more(m)) {
        char c = (char)cursor_u8(&m->in);
        if (c == '"')
            return;
        if (c == '\\')
            quoted_escape(m);
        else if (c == '$')
            variable(m);
        else
            buf_putc(&m->arg, c);
    }
}

// One argument, from its first character to the white space after it.
static void argument(struct merger *m)
{
    m->arg.len = 0;
    while (more(m)) {
        char c = (char)cursor_u8(&m->in);
        if (is_space(c)) {
            push(m, m->arg.data, m->arg.len, true);
            return;
        }
        if (c == '\'')
            single_quotes(m);
        else if (c == '"')
            double_quotes(m);
        else if (c == '$')
            variable(m);
        else if (c != '\\')
            buf_putc(&m->arg, c);
        else if (!join_lines(m))
            letter_escape(m);
    }
    if (m->arg.len) // an empty one at the end of the file is dropped
        push(m, m->arg.data, m->arg.len, true);
}

static void all_arguments(struct merger *m)
{
    if (peek(m, 0) == 0xef && peek(m, 1) == 0xbb && peek(m, 2) == 0xbf)
        m->in.pos += 3;
    while (more(m)) {
        int c = peek(m, 0);
        if (is_space(c)) {
            m->in.pos++;
        } else if (c == '\\' &&
                   (peek(m, 1) == '\n' || (peek(m, 1) == '\r' && peek(m, 2) == '\n'))) {
            m->in.pos++; // a joined line that begins no argument
        } else if (c == '#') {
            while (more(m) && cursor_u8(&m->in) != '\n')
                ;
        } else if (c == '.' && peek(m, 1) == '.' && peek(m, 2) == '.' &&
                   (peek(m, 3) < 0 || is_space(peek(m, 3)))) {
            m->in.pos += 3;
            push_rest(m);
        } else {
            argument(m);
        }
    }
    push_rest(m);
}

bool args_merge(struct slice text, int argc, char **argv, const char *(*env)(const char *),
                struct args *out, struct err *e)
{
    *out = (struct args){0};
    struct merger m = {.in = cursor_of(text.data, text.len), .env = env, .out = out};
    if (argc > 0) {
        push(&m, argv[0], strlen(argv[0]), false);
        m.rest = argv + 1;
        m.rest_count = argc - 1;
    }
    all_arguments(&m);
    buf_free(&m.arg);
    if (!m.holds_nul)
        return true;
    args_free(out);
    return err_set(e, ".args: an argument holds a NUL byte");
}

void args_free(struct args *a)
{
    for (int i = 0; i < a->argc; i++)
        free(a->argv[i]);
    free(a->argv);
    free(a->packed);
    *a = (struct args){0};
}
