// SPDX-License-Identifier: Apache-2.0
// Compiles a pattern's text. Patterns come from our own table, so errors are for its writer.
#include "tokenizer/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tokenizer/pattern_match.h"

struct reader {
    const char *text;
    size_t pos;
    struct pattern *p;
    struct err *e;
};

static char peek(const struct reader *r)
{
    return r->text[r->pos];
}

static bool take(struct reader *r, const char *token)
{
    size_t n = strlen(token);
    if (strncmp(r->text + r->pos, token, n))
        return false;
    r->pos += n;
    return true;
}

static bool refuse(struct reader *r, const char *what)
{
    return err_set(r->e, "pattern '%s', byte %zu: %s", r->text, r->pos, what);
}

static struct item *add_item(struct reader *r, enum item_kind kind)
{
    struct pattern *p = r->p;
    p->items = xrealloc(p->items, (p->item_count + 1) * sizeof *p->items);
    struct item *item = &p->items[p->item_count++];
    *item = (struct item){.kind = kind, .min = 1, .max = 1};
    return item;
}

// ---- Sets -------------------------------------------------------------------------------------

static void add_range(struct code_set *s, uint32_t from, uint32_t to)
{
    s->ranges = xrealloc(s->ranges, (s->range_count + 1) * sizeof *s->ranges);
    s->ranges[s->range_count++] = (struct code_range){from, to};
}

static bool add_category(struct reader *r, struct code_set *s)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } names[] = {
        {"{L}", 1u << UNICODE_LU | 1u << UNICODE_LL | 1u << UNICODE_LT | 1u << UNICODE_LM |
                    1u << UNICODE_LO},
        {"{Lu}", 1u << UNICODE_LU},
        {"{Ll}", 1u << UNICODE_LL},
        {"{Lt}", 1u << UNICODE_LT},
        {"{Lm}", 1u << UNICODE_LM},
        {"{Lo}", 1u << UNICODE_LO},
        {"{M}", 1u << UNICODE_M},
        {"{N}", 1u << UNICODE_N},
        {"{P}", 1u << UNICODE_P},
        {"{S}", 1u << UNICODE_S},
        {"{Z}", 1u << UNICODE_Z},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (take(r, names[i].name)) {
            s->categories |= names[i].bits;
            return true;
        }
    }
    return refuse(r, "unknown category");
}

// One character, escaped or not; the caller has handled \s, \S and \p.
static uint32_t read_code(struct reader *r)
{
    uint32_t code;
    if (take(r, "\\n"))
        return '\n';
    if (take(r, "\\r"))
        return '\r';
    if (take(r, "\\t"))
        return '\t';
    if (peek(r) == '\\')
        r->pos++;
    r->pos += utf8_read(slice_of(r->text), r->pos, &code);
    return code;
}

static bool read_set_member(struct reader *r, struct code_set *s)
{
    if (take(r, "\\p"))
        return add_category(r, s);
    if (take(r, "\\s"))
        return s->space = true;
    if (take(r, "\\S"))
        return s->not_space = true;
    if (!peek(r))
        return refuse(r, "the pattern ends inside a set");
    uint32_t from = read_code(r), to = from;
    bool range = peek(r) == '-' && r->text[r->pos + 1] && r->text[r->pos + 1] != ']';
    if (range) {
        r->pos++;
        to = read_code(r);
    }
    add_range(s, from, to);
    return true;
}

// A set in brackets, or one character or class that stands alone.
static bool read_set(struct reader *r, struct code_set *s)
{
    if (take(r, "[")) {
        s->negated = take(r, "^");
        while (!take(r, "]")) {
            if (!read_set_member(r, s))
                return false;
        }
    } else if (peek(r) == '\\' && strchr("psS", r->text[r->pos + 1])) {
        if (!read_set_member(r, s))
            return false;
    } else {
        uint32_t code = read_code(r);
        add_range(s, code, code);
    }
    for (uint32_t c = 0; c < 128; c++)
        s->ascii[c] = code_set_has(s, c);
    return true;
}

// ---- Items ------------------------------------------------------------------------------------

static void read_count(struct reader *r, struct item *item)
{
    if (take(r, "?")) {
        item->min = 0;
    } else if (take(r, "*")) {
        item->min = 0;
        item->max = ITEM_NO_LIMIT;
    } else if (take(r, "+")) {
        item->max = ITEM_NO_LIMIT;
    } else if (take(r, "{")) {
        char *rest;
        item->min = item->max = strtoul(r->text + r->pos, &rest, 10);
        if (*rest == ',')
            item->max = strtoul(rest + 1, &rest, 10);
        r->pos = (size_t)(rest - r->text) + 1; // past the closing brace
    }
}

static bool read_group(struct reader *r, bool fold_case)
{
    struct item *item = add_item(r, ITEM_GROUP);
    item->fold_case = fold_case;
    do {
        size_t n = strcspn(r->text + r->pos, "|)");
        item->literals = xrealloc(item->literals, (item->literal_count + 1) * sizeof(char *));
        item->literals[item->literal_count++] = xstrndup(r->text + r->pos, n);
        r->pos += n;
    } while (take(r, "|"));
    if (!take(r, ")"))
        return refuse(r, "a group is not closed");
    read_count(r, item);
    return true;
}

static bool read_item(struct reader *r)
{
    if (take(r, "(?!")) {
        struct item *item = add_item(r, ITEM_NOT_AHEAD);
        return read_set(r, &item->set) && (take(r, ")") || refuse(r, "a lookahead is not closed"));
    }
    if (take(r, "(?i:"))
        return read_group(r, true);
    if (take(r, "(?:"))
        return read_group(r, false);
    if (peek(r) == '(')
        return refuse(r, "unknown group");
    if (take(r, "$")) {
        add_item(r, ITEM_LINE_END);
        return true;
    }
    struct item *item = add_item(r, ITEM_SET);
    if (!read_set(r, &item->set))
        return false;
    read_count(r, item);
    return true;
}

static bool read_alternative(struct reader *r)
{
    struct pattern *p = r->p;
    p->alternatives = xrealloc(p->alternatives, (p->alternative_count + 1) * sizeof(size_t));
    p->alternatives[p->alternative_count++] = p->item_count;
    while (peek(r) && peek(r) != '|') {
        if (!read_item(r))
            return false;
    }
    add_item(r, ITEM_DONE);
    return true;
}

struct pattern *pattern_new(const char *text, struct err *e)
{
    struct reader r = {.text = text, .p = xcalloc(1, sizeof *r.p), .e = e};
    do {
        if (!read_alternative(&r)) {
            pattern_free(r.p);
            return NULL;
        }
    } while (take(&r, "|"));
    return r.p;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->item_count; i++) {
        free(p->items[i].set.ranges);
        for (size_t k = 0; k < p->items[i].literal_count; k++)
            free(p->items[i].literals[k]);
        free(p->items[i].literals);
    }
    free(p->items);
    free(p->alternatives);
    free(p);
}
