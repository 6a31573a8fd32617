// SPDX-License-Identifier: Apache-2.0
// Template text to tokens, with the white space rules of Jinja under trim_blocks and lstrip_blocks:
//   {%- and -%}  take all white space on that side;   {%+ and +%}  take none
//   {% and {#    otherwise take the blanks before them if only blanks stand before them on the line
//   %} and #}    otherwise take one line end after them
//   {{ and }}    take none
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/jinja.h"

#define MAX_BRACKETS JINJA_MAX_DEPTH

struct lexer {
    struct arena *arena;
    const char *s;
    size_t len, pos;
    int line;
    bool line_start; // the last thing read ended with a line end
    struct token_list *out;
    struct err *e;
};

static bool lex_error(struct lexer *l, const char *what)
{
    return err_set(l->e, "chat template, line %d: %s", l->line, what);
}

static void emit(struct lexer *l, enum token_kind kind, const char *data, size_t len)
{
    if (l->out->count == l->out->cap) {
        l->out->cap = l->out->cap ? l->out->cap * 2 : 256;
        l->out->items = xrealloc(l->out->items, l->out->cap * sizeof *l->out->items);
    }
    l->out->items[l->out->count++] = (struct token){kind, {data, len}, l->line};
}

static char ahead(const struct lexer *l, size_t n)
{
    return l->pos + n < l->len ? l->s[l->pos + n] : 0;
}

// Moves on, counting lines.
static void advance(struct lexer *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        l->line += l->s[l->pos + i] == '\n';
    l->pos += n;
    if (n)
        l->line_start = l->s[l->pos - 1] == '\n';
}

// Length of the white space at the position.
static size_t space_ahead(const struct lexer *l)
{
    size_t at = l->pos;
    while (at < l->len) {
        uint32_t code;
        size_t n = utf8_read((struct slice){l->s, l->len}, at, &code);
        if (!text_is_space(code))
            break;
        at += n;
    }
    return at - l->pos;
}

// Reads what ends a tag: [-+]END and the white space it takes. False when it is not there.
static bool take_end(struct lexer *l, const char *end, bool trims)
{
    char sign = ahead(l, 0);
    size_t skip = sign == '-' || (sign == '+' && trims) ? 1 : 0;
    if (ahead(l, skip) != end[0] || ahead(l, skip + 1) != end[1])
        return false;
    advance(l, skip + 2);
    if (skip && sign == '-')
        advance(l, space_ahead(l));
    else if (!skip && trims && ahead(l, 0) == '\n')
        advance(l, 1);
    return true;
}

// Emits the text before a tag, shortened as the tag's sign and kind ask for.
static void emit_text(struct lexer *l, size_t from, size_t to, char sign, bool block)
{
    struct slice text = {l->s + from, to - from};
    if (sign == '-') {
        text = text_strip(text, NULL, false, true);
    } else if (sign != '+' && block) {
        size_t line = text.len;
        while (line > 0 && text.data[line - 1] != '\n')
            line--;
        struct slice last = {text.data + line, text.len - line};
        if ((line > 0 || l->line_start) && text_strip(last, NULL, true, false).len == 0)
            text.len = line;
    }
    if (text.len)
        emit(l, TOKEN_TEXT, text.data, text.len);
}

// ---- Inside a tag ------------------------------------------------------------------------------

static int hex_digits(const char *s, size_t n, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = hex_value(s[i]);
        if (digit < 0)
            return 0;
        *out = *out << 4 | (uint32_t)digit;
    }
    return 1;
}

// One escape at s (after the backslash), as in Python; returns how much it took, 0 when unknown.
static size_t unescape(const char *s, size_t len, char *to, size_t *put)
{
    static const char from[] = "ntr\\'\"abfv", into[] = "\n\t\r\\'\"\a\b\f\v";
    const char *simple = s[0] ? strchr(from, s[0]) : NULL;
    *put = 0;
    if (s[0] == '\n')
        return 1;
    if (simple) {
        to[(*put)++] = into[simple - from];
        return 1;
    }
    size_t digits = s[0] == 'x' ? 2 : s[0] == 'u' ? 4 : s[0] == 'U' ? 8 : 0;
    uint32_t code;
    if (digits && len > digits && hex_digits(s + 1, digits, &code) && code < 0x110000 &&
        (code < 0xd800 || code > 0xdfff)) {
        *put = utf8_put(to, code);
        return digits + 1;
    }
    if (s[0] >= '0' && s[0] <= '7') {
        size_t n = 0;
        for (code = 0; n < 3 && n < len && s[n] >= '0' && s[n] <= '7'; n++)
            code = code * 8 + (uint32_t)(s[n] - '0');
        *put = utf8_put(to, code);
        return n;
    }
    return 0;
}

static bool lex_string(struct lexer *l)
{
    char quote = ahead(l, 0);
    size_t end = l->pos + 1;
    while (end < l->len && l->s[end] != quote)
        end += l->s[end] == '\\' ? 2 : 1;
    if (end >= l->len)
        return lex_error(l, "a string is not closed");
    const char *from = l->s + l->pos + 1, *stop = l->s + end;
    char *text = arena_alloc(l->arena, (size_t)(stop - from) + 1), *to = text;
    while (from < stop) {
        size_t put, took;
        if (*from == '\\' && (took = unescape(from + 1, (size_t)(stop - from) - 1, to, &put))) {
            from += took + 1;
            to += put;
        } else {
            *to++ = *from++;
        }
    }
    emit(l, TOKEN_STRING, text, (size_t)(to - text));
    advance(l, end + 1 - l->pos);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static void lex_number(struct lexer *l)
{
    size_t n = 0;
    bool real = false;
    if (ahead(l, 0) == '0' && ahead(l, 1) && strchr("xXoObB", ahead(l, 1))) {
        for (n = 2; is_name_char(ahead(l, n)); n++)
            ;
    } else {
        while (is_digit(ahead(l, n)) || (ahead(l, n) == '_' && is_digit(ahead(l, n + 1))))
            n++;
        if (ahead(l, n) == '.' && is_digit(ahead(l, n + 1))) {
            real = true;
            for (n++; is_digit(ahead(l, n)) || ahead(l, n) == '_'; n++)
                ;
        }
        size_t sign = ahead(l, n + 1) == '+' || ahead(l, n + 1) == '-';
        if ((ahead(l, n) == 'e' || ahead(l, n) == 'E') && is_digit(ahead(l, n + 1 + sign))) {
            real = true;
            for (n += 1 + sign; is_digit(ahead(l, n)) || ahead(l, n) == '_'; n++)
                ;
        }
    }
    emit(l, real ? TOKEN_FLOAT : TOKEN_INT, l->s + l->pos, n);
    advance(l, n);
}

static bool lex_operator(struct lexer *l, char *brackets, int *depth)
{
    static const char *const two[] = {"==", "!=", "<=", ">=", "//", "**"};
    char c = ahead(l, 0);
    size_t n = 1;
    for (size_t i = 0; i < sizeof two / sizeof two[0]; i++) {
        if (c == two[i][0] && ahead(l, 1) == two[i][1])
            n = 2;
    }
    if (n == 1 && !strchr("+-/*%~[](){}<>=.:|,;", c))
        return lex_error(l, "a character that has no place here");
    if (strchr("([{", c)) {
        if (*depth == MAX_BRACKETS)
            return lex_error(l, "brackets nest too deep");
        brackets[(*depth)++] = c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (strchr(")]}", c) && (*depth == 0 || brackets[--*depth] != c)) {
        return lex_error(l, "a bracket closes nothing");
    }
    emit(l, TOKEN_OPERATOR, l->s + l->pos, n);
    advance(l, n);
    return true;
}

// The tokens of one tag, up to and including its end.
static bool lex_tag(struct lexer *l, bool block)
{
    char brackets[MAX_BRACKETS];
    int depth = 0;
    for (;;) {
        advance(l, space_ahead(l));
        if (l->pos >= l->len)
            return lex_error(l, "a tag is not closed");
        if (!depth && take_end(l, block ? "%}" : "}}", block)) {
            emit(l, block ? TOKEN_BLOCK_END : TOKEN_OUTPUT_END, "", 0);
            return true;
        }
        char c = ahead(l, 0);
        bool ok = true;
        if (c == '\'' || c == '"') {
            ok = lex_string(l);
        } else if (is_digit(c)) {
            lex_number(l);
        } else if (c && is_name_char(c)) {
            size_t n = 1;
            while (is_name_char(ahead(l, n)))
                n++;
            emit(l, TOKEN_NAME, l->s + l->pos, n);
            advance(l, n);
        } else {
            ok = c ? lex_operator(l, brackets, &depth) : lex_error(l, "a NUL character");
        }
        if (!ok)
            return false;
    }
}

// ---- Between tags ------------------------------------------------------------------------------

static bool lex_comment(struct lexer *l)
{
    while (l->pos < l->len) {
        if (take_end(l, "#}", true))
            return true;
        advance(l, 1);
    }
    return lex_error(l, "a comment is not closed");
}

// The rest of {% WORD %} after its sign; false, and nothing read, when this is another block.
static bool take_word_block(struct lexer *l, const char *word, bool trims)
{
    struct lexer saved = *l;
    size_t n = strlen(word);
    advance(l, space_ahead(l));
    if (l->len - l->pos > n && !memcmp(l->s + l->pos, word, n)) {
        advance(l, n);
        advance(l, space_ahead(l));
        if (take_end(l, "%}", trims))
            return true;
    }
    *l = saved;
    return false;
}

static bool lex_raw(struct lexer *l)
{
    size_t from = l->pos;
    while (l->pos + 1 < l->len) {
        if (ahead(l, 0) == '{' && ahead(l, 1) == '%') {
            size_t to = l->pos;
            struct lexer saved = *l;
            char sign = ahead(l, 2);
            advance(l, 2 + (sign == '-' || sign == '+'));
            if (take_word_block(l, "endraw", true)) {
                struct lexer after = *l;
                *l = saved;
                l->line_start = false;
                emit_text(l, from, to, sign, true);
                *l = after;
                return true;
            }
            *l = saved;
        }
        advance(l, 1);
    }
    return lex_error(l, "a raw block is not closed");
}

// The next "{{", "{%" or "{#" at or after the position; the end of the source when there is none.
static size_t next_tag(const struct lexer *l)
{
    for (size_t i = l->pos; i + 1 < l->len; i++) {
        if (l->s[i] == '{' && (l->s[i + 1] == '{' || l->s[i + 1] == '%' || l->s[i + 1] == '#'))
            return i;
    }
    return l->len;
}

static bool lex_all(struct lexer *l)
{
    while (l->pos < l->len) {
        size_t tag = next_tag(l);
        if (tag == l->len) {
            emit(l, TOKEN_TEXT, l->s + l->pos, l->len - l->pos);
            return true;
        }
        char kind = l->s[tag + 1], sign = tag + 2 < l->len ? l->s[tag + 2] : 0;
        bool has_sign = sign == '-' || sign == '+';
        emit_text(l, l->pos, tag, has_sign ? sign : 0, kind != '{');
        advance(l, tag + 2 + has_sign - l->pos);
        bool ok;
        if (kind == '#') {
            ok = lex_comment(l);
        } else if (kind == '%' && take_word_block(l, "raw", false)) {
            ok = lex_raw(l);
        } else {
            emit(l, kind == '%' ? TOKEN_BLOCK_BEGIN : TOKEN_OUTPUT_BEGIN, "", 0);
            ok = lex_tag(l, kind == '%');
        }
        if (!ok)
            return false;
    }
    return true;
}

// Line ends as "\n", and without the one at the end of the source.
static struct slice normalize(struct arena *a, struct slice source)
{
    char *text = arena_alloc(a, source.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < source.len; i++) {
        char c = source.data[i];
        if (c == '\r' && i + 1 < source.len && source.data[i + 1] == '\n')
            continue;
        text[len++] = c == '\r' ? '\n' : c;
    }
    if (len && text[len - 1] == '\n')
        len--;
    return (struct slice){text, len};
}

bool jinja_lex(struct arena *a, struct slice source, struct token_list *out, struct err *e)
{
    struct slice text = normalize(a, source);
    struct lexer l = {a, text.data, text.len, 0, 1, true, out, e};
    bool ok = lex_all(&l);
    emit(&l, TOKEN_END, "", 0);
    return ok;
}
