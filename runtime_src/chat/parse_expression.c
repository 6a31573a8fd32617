// SPDX-License-Identifier: Apache-2.0
// Expressions, by recursive descent in Jinja's order of precedence: condition, or, and, not,
// comparison, + -, ~, * / // %, **, sign, then attributes, calls, filters and tests.
#include <stdlib.h>
#include <string.h>

#include "chat/jinja.h"

static struct node *parse_unary(struct parser *p, bool filters);

bool parse_is(const struct token *t, enum token_kind kind, const char *text)
{
    return t->kind == kind && slice_is(t->text, text);
}

bool parse_accept(struct parser *p, enum token_kind kind, const char *text)
{
    if (!parse_is(p->at, kind, text))
        return false;
    p->at++;
    return true;
}

static const char *token_name(const struct token *t)
{
    return t->kind == TOKEN_OUTPUT_END  ? "}}"
           : t->kind == TOKEN_BLOCK_END ? "%}"
           : t->kind == TOKEN_END       ? "the end of the template"
                                        : "this";
}

bool parse_expect(struct parser *p, enum token_kind kind, const char *text)
{
    if (parse_accept(p, kind, text))
        return true;
    struct slice found = p->at->text.len ? p->at->text : slice_of(token_name(p->at));
    return parse_error(p, "expected '%s' and not '%.*s'", text,
                       (int)(found.len < 40 ? found.len : 40), found.data);
}

static bool accept_op(struct parser *p, const char *text)
{
    return parse_accept(p, TOKEN_OPERATOR, text);
}

static bool accept_name(struct parser *p, const char *text)
{
    return parse_accept(p, TOKEN_NAME, text);
}

bool parse_enter(struct parser *p)
{
    return ++p->depth <= JINJA_MAX_DEPTH || parse_error(p, "the template nests too deep");
}

struct node *parse_node(struct parser *p, enum node_kind kind)
{
    struct node *n = arena_alloc(p->arena, sizeof *n);
    n->kind = kind;
    n->line = p->at->line;
    return n;
}

void parse_push(struct parser *p, struct nodes *l, struct node *n)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct node **items = arena_alloc(p->arena, cap * sizeof *items);
        if (l->count)
            memcpy(items, l->items, l->count * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->count++] = n;
}

// Adds to an array that holds `count` names and has room for the next power of two.
static void push_name(struct parser *p, struct slice **names, size_t count, struct slice name)
{
    if ((count & (count - 1)) == 0) {
        struct slice *more = arena_alloc(p->arena, (count ? 2 * count : 1) * sizeof *more);
        if (count)
            memcpy(more, *names, count * sizeof *more);
        *names = more;
    }
    (*names)[count] = name;
}

static struct node *node_with(struct parser *p, enum node_kind kind, struct node *a, struct node *b)
{
    if (!a || (kind != NODE_NEGATE && kind != NODE_PLUS && kind != NODE_NOT && !b))
        return NULL;
    struct node *n = parse_node(p, kind);
    n->a = a;
    n->b = b;
    return n;
}

static struct node *constant(struct parser *p, struct value v)
{
    struct node *n = parse_node(p, NODE_CONST);
    n->constant = v;
    return n;
}

// ---- Literals ----------------------------------------------------------------------------------

static struct node *parse_number(struct parser *p)
{
    char digits[64];
    size_t len = 0;
    struct slice text = p->at->text;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '_' && len + 1 < sizeof digits)
            digits[len++] = text.data[i];
    }
    digits[len] = 0;
    struct value v;
    char *rest;
    if (p->at->kind == TOKEN_FLOAT) {
        v = value_float(strtod(digits, &rest));
    } else {
        char form = digits[0] == '0' ? digits[1] : 0;
        int base = form == 'x' || form == 'X'   ? 16
                   : form == 'o' || form == 'O' ? 8
                   : form == 'b' || form == 'B' ? 2
                                                : 10;
        unsigned long long i = strtoull(digits + (base == 10 ? 0 : 2), &rest, base);
        if (*rest || i > INT64_MAX || len + 1 == sizeof digits) {
            parse_error(p, "an integer that is too large or malformed");
            return NULL;
        }
        v = value_int((int64_t)i);
    }
    struct node *n = constant(p, v);
    p->at++;
    return n;
}

static struct node *parse_strings(struct parser *p)
{
    struct buf text = {0};
    struct node *n = constant(p, value_none());
    for (; p->at->kind == TOKEN_STRING; p->at++) // adjacent strings are one
        buf_append(&text, p->at->text.data, p->at->text.len);
    n->constant = value_string(arena_copy(p->arena, text.data, text.len));
    buf_free(&text);
    return n;
}

static struct node *parse_list(struct parser *p)
{
    struct node *n = parse_node(p, NODE_LIST);
    while (!accept_op(p, "]")) {
        if (n->list.count && !parse_expect(p, TOKEN_OPERATOR, ","))
            return NULL;
        if (accept_op(p, "]"))
            break;
        struct node *item = parse_expression(p);
        if (!item)
            return NULL;
        parse_push(p, &n->list, item);
    }
    return n;
}

static struct node *parse_dict(struct parser *p)
{
    struct node *n = parse_node(p, NODE_DICT);
    while (!accept_op(p, "}")) {
        if (n->list.count && !parse_expect(p, TOKEN_OPERATOR, ","))
            return NULL;
        if (accept_op(p, "}"))
            break;
        struct node *key = parse_expression(p);
        if (!key || !parse_expect(p, TOKEN_OPERATOR, ":"))
            return NULL;
        struct node *item = parse_expression(p);
        if (!item)
            return NULL;
        parse_push(p, &n->list, key);
        parse_push(p, &n->list, item);
    }
    return n;
}

static struct node *parse_parentheses(struct parser *p)
{
    if (accept_op(p, ")"))
        return parse_node(p, NODE_TUPLE);
    struct node *n = parse_tuple(p, true);
    return n && parse_expect(p, TOKEN_OPERATOR, ")") ? n : NULL;
}

static struct node *parse_name(struct parser *p)
{
    static const struct {
        const char *name;
        enum value_kind kind;
        bool b;
    } names[] = {
        {"true", VALUE_BOOL, true},   {"True", VALUE_BOOL, true},  {"false", VALUE_BOOL, false},
        {"False", VALUE_BOOL, false}, {"none", VALUE_NONE, false}, {"None", VALUE_NONE, false},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (accept_name(p, names[i].name))
            return constant(p, (struct value){.kind = names[i].kind, .b = names[i].b});
    }
    struct node *n = parse_node(p, NODE_NAME);
    n->name = p->at++->text;
    return n;
}

static struct node *parse_primary(struct parser *p)
{
    switch (p->at->kind) {
    case TOKEN_NAME:
        return parse_name(p);
    case TOKEN_STRING:
        return parse_strings(p);
    case TOKEN_INT:
    case TOKEN_FLOAT:
        return parse_number(p);
    default:
        if (accept_op(p, "("))
            return parse_parentheses(p);
        if (accept_op(p, "["))
            return parse_list(p);
        if (accept_op(p, "{"))
            return parse_dict(p);
        parse_error(p, "expected an expression");
        return NULL;
    }
}

// ---- What follows a primary --------------------------------------------------------------------

// Arguments after the opening parenthesis; keywords come last.
static bool parse_arguments(struct parser *p, struct node *n)
{
    for (bool first = true; !accept_op(p, ")"); first = false) {
        if (!first && !parse_expect(p, TOKEN_OPERATOR, ","))
            return false;
        if (!first && accept_op(p, ")"))
            break;
        bool keyword = p->at->kind == TOKEN_NAME && parse_is(p->at + 1, TOKEN_OPERATOR, "=");
        if (n->named && !keyword)
            return parse_error(p, "a positional argument after a keyword");
        if (keyword) {
            push_name(p, &n->names, n->named++, p->at->text);
            p->at += 2;
        }
        struct node *value = parse_expression(p);
        if (!value)
            return false;
        parse_push(p, &n->list, value);
    }
    return true;
}

static struct node *parse_call(struct parser *p, struct node *callee)
{
    struct node *n = parse_node(p, NODE_CALL);
    n->a = callee;
    return parse_arguments(p, n) ? n : NULL;
}

static bool part_ends(const struct parser *p)
{
    return parse_is(p->at, TOKEN_OPERATOR, ":") || parse_is(p->at, TOKEN_OPERATOR, "]");
}

// x[key] or x[start:stop:step], after the opening bracket.
static struct node *parse_subscript(struct parser *p, struct node *object)
{
    struct node *parts[3] = {0};
    int count = 0;
    bool slice = false;
    for (;; count++) {
        if (!part_ends(p) && !(parts[count] = parse_tuple(p, true)))
            return NULL;
        if (count == 2 || !accept_op(p, ":"))
            break;
        slice = true;
    }
    if (!slice && !parts[0]) {
        parse_error(p, "an empty subscript");
        return NULL;
    }
    struct node *n = parse_node(p, NODE_ITEM);
    n->a = object;
    n->b = parts[0];
    if (slice) {
        n->b = parse_node(p, NODE_SLICE);
        n->b->a = parts[0];
        n->b->b = parts[1];
        n->b->c = parts[2];
    }
    return parse_expect(p, TOKEN_OPERATOR, "]") ? n : NULL;
}

static struct node *parse_attribute(struct parser *p, struct node *object)
{
    if (p->at->kind == TOKEN_INT) { // x.0
        struct node *key = parse_number(p);
        return key ? node_with(p, NODE_ITEM, object, key) : NULL;
    }
    if (p->at->kind != TOKEN_NAME) {
        parse_error(p, "expected a name after the dot");
        return NULL;
    }
    struct node *n = parse_node(p, NODE_ATTRIBUTE);
    n->a = object;
    n->name = p->at++->text;
    return n;
}

struct node *parse_postfix(struct parser *p, struct node *n)
{
    while (n) {
        if (accept_op(p, "."))
            n = parse_attribute(p, n);
        else if (accept_op(p, "["))
            n = parse_subscript(p, n);
        else if (accept_op(p, "("))
            n = parse_call(p, n);
        else
            break;
    }
    return n;
}

struct node *parse_filter(struct parser *p, struct node *input)
{
    struct node *n = parse_node(p, NODE_FILTER);
    if (p->at->kind != TOKEN_NAME) {
        parse_error(p, "expected the name of a filter");
        return NULL;
    }
    n->a = input;
    n->name = p->at++->text;
    if (accept_op(p, "(") && !parse_arguments(p, n))
        return NULL;
    return n;
}

// Whether the token may begin the one argument of a test written without parentheses.
static bool begins_argument(const struct token *t)
{
    if (t->kind == TOKEN_NAME)
        return !slice_is(t->text, "else") && !slice_is(t->text, "or") && !slice_is(t->text, "and");
    return t->kind == TOKEN_STRING || t->kind == TOKEN_INT || t->kind == TOKEN_FLOAT ||
           parse_is(t, TOKEN_OPERATOR, "[") || parse_is(t, TOKEN_OPERATOR, "{");
}

static struct node *parse_test(struct parser *p, struct node *input)
{
    bool negated = accept_name(p, "not");
    struct node *n = parse_node(p, NODE_TEST);
    if (p->at->kind != TOKEN_NAME) {
        parse_error(p, "expected the name of a test");
        return NULL;
    }
    n->a = input;
    n->name = p->at++->text;
    if (accept_op(p, "(")) {
        if (!parse_arguments(p, n))
            return NULL;
    } else if (begins_argument(p->at)) {
        if (parse_is(p->at, TOKEN_NAME, "is")) {
            parse_error(p, "tests cannot be chained");
            return NULL;
        }
        struct node *argument = parse_primary(p);
        argument = argument ? parse_postfix(p, argument) : NULL;
        if (!argument)
            return NULL;
        parse_push(p, &n->list, argument);
    }
    return negated ? node_with(p, NODE_NOT, n, NULL) : n;
}

struct node *parse_filters(struct parser *p, struct node *n)
{
    while (n) {
        if (accept_op(p, "|"))
            n = parse_filter(p, n);
        else if (accept_name(p, "is"))
            n = parse_test(p, n);
        else if (accept_op(p, "("))
            n = parse_call(p, n);
        else
            break;
    }
    return n;
}

// ---- Operators ---------------------------------------------------------------------------------

static struct node *parse_unary(struct parser *p, bool filters)
{
    struct node *n;
    if (!parse_enter(p))
        return NULL;
    if (accept_op(p, "-"))
        n = node_with(p, NODE_NEGATE, parse_unary(p, false), NULL);
    else if (accept_op(p, "+"))
        n = node_with(p, NODE_PLUS, parse_unary(p, false), NULL);
    else
        n = parse_primary(p);
    n = n ? parse_postfix(p, n) : NULL;
    n = n && filters ? parse_filters(p, n) : n;
    p->depth--;
    return n;
}

// The binary operators of one level, left to right.
static struct node *parse_binary(struct parser *p, const char *const *ops,
                                 struct node *(*next)(struct parser *p))
{
    struct node *n = next(p);
    while (n) {
        const char *const *op = ops;
        while (*op && !parse_is(p->at, TOKEN_OPERATOR, *op))
            op++;
        if (!*op)
            break;
        struct slice name = p->at++->text;
        n = node_with(p, NODE_BINARY, n, next(p));
        if (n)
            n->name = name;
    }
    return n;
}

static struct node *parse_signed(struct parser *p)
{
    return parse_unary(p, true);
}

static struct node *parse_power(struct parser *p)
{
    return parse_binary(p, (const char *const[]){"**", NULL}, parse_signed);
}

static struct node *parse_product(struct parser *p)
{
    return parse_binary(p, (const char *const[]){"*", "/", "//", "%", NULL}, parse_power);
}

static struct node *parse_concat(struct parser *p)
{
    struct node *n = parse_product(p);
    if (!n || !parse_is(p->at, TOKEN_OPERATOR, "~"))
        return n;
    struct node *all = parse_node(p, NODE_CONCAT);
    parse_push(p, &all->list, n);
    while (accept_op(p, "~")) {
        if (!(n = parse_product(p)))
            return NULL;
        parse_push(p, &all->list, n);
    }
    return all;
}

static struct node *parse_sum(struct parser *p)
{
    return parse_binary(p, (const char *const[]){"+", "-", NULL}, parse_concat);
}

// The comparison operator at the position, or an empty slice.
static struct slice accept_comparison(struct parser *p)
{
    static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};
    struct slice text = p->at->text;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (accept_op(p, ops[i]))
            return text;
    }
    if (accept_name(p, "in"))
        return slice_of("in");
    if (parse_is(p->at, TOKEN_NAME, "not") && parse_is(p->at + 1, TOKEN_NAME, "in")) {
        p->at += 2;
        return slice_of("not in");
    }
    return (struct slice){"", 0};
}

static struct node *parse_comparison(struct parser *p)
{
    struct node *n = parse_sum(p), *all = NULL;
    struct slice op;
    while (n && (op = accept_comparison(p)).len) {
        if (!all) {
            all = parse_node(p, NODE_COMPARE);
            all->a = n;
        }
        if (!(n = parse_sum(p)))
            return NULL;
        push_name(p, &all->names, all->list.count, op);
        parse_push(p, &all->list, n);
    }
    return n && all ? all : n;
}

static struct node *parse_not(struct parser *p)
{
    if (!accept_name(p, "not"))
        return parse_comparison(p);
    if (!parse_enter(p))
        return NULL;
    struct node *n = node_with(p, NODE_NOT, parse_not(p), NULL);
    p->depth--;
    return n;
}

static struct node *parse_and(struct parser *p)
{
    struct node *n = parse_not(p);
    while (n && accept_name(p, "and"))
        n = node_with(p, NODE_AND, n, parse_not(p));
    return n;
}

static struct node *parse_or(struct parser *p)
{
    struct node *n = parse_and(p);
    while (n && accept_name(p, "or"))
        n = node_with(p, NODE_OR, n, parse_and(p));
    return n;
}

struct node *parse_expression(struct parser *p)
{
    if (!parse_enter(p))
        return NULL;
    struct node *n = parse_or(p);
    while (n && accept_name(p, "if")) {
        struct node *condition = parse_node(p, NODE_CONDITION);
        condition->b = n;
        condition->a = parse_or(p);
        bool otherwise = condition->a && accept_name(p, "else");
        if (!condition->a || (otherwise && !(condition->c = parse_expression(p))))
            return NULL;
        n = condition;
    }
    p->depth--;
    return n;
}

struct node *parse_tuple(struct parser *p, bool condition)
{
    struct node *n = condition ? parse_expression(p) : parse_or(p);
    if (!n || !parse_is(p->at, TOKEN_OPERATOR, ","))
        return n;
    struct node *all = parse_node(p, NODE_TUPLE);
    parse_push(p, &all->list, n);
    while (accept_op(p, ",")) {
        bool ends = p->at->kind == TOKEN_BLOCK_END || p->at->kind == TOKEN_OUTPUT_END ||
                    parse_is(p->at, TOKEN_OPERATOR, ")") || parse_is(p->at, TOKEN_NAME, "in");
        if (ends)
            break;
        if (!(n = condition ? parse_expression(p) : parse_or(p)))
            return NULL;
        parse_push(p, &all->list, n);
    }
    return all;
}
