// SPDX-License-Identifier: Apache-2.0
// Statements: what stands between {% and %}, and the texts and outputs around them.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/jinja.h"

bool parse_error(struct parser *p, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(p->e, "chat template, line %d: %s", p->at->line, text);
}

static bool parse_statement(struct parser *p, struct nodes *out);

static bool at_name(const struct parser *p, const char *name)
{
    return parse_is(p->at, TOKEN_NAME, name);
}

static bool block_end(struct parser *p)
{
    if (p->at->kind != TOKEN_BLOCK_END)
        return parse_expect(p, TOKEN_BLOCK_END, "%}");
    p->at++;
    return true;
}

// Whether a {% begins with one of the names (NULL after the last).
static bool at_one_of(const struct parser *p, const char *const *names)
{
    for (; p->at->kind == TOKEN_BLOCK_BEGIN && *names; names++) {
        if (parse_is(p->at + 1, TOKEN_NAME, *names))
            return true;
    }
    return false;
}

// Texts, outputs and statements up to a {% with one of the names (not read), or to the end of the
// template when `names` is NULL.
static bool parse_body(struct parser *p, const char *const *names, struct nodes *out)
{
    if (!parse_enter(p))
        return false;
    while (!(names && at_one_of(p, names))) {
        struct node *n;
        switch (p->at->kind) {
        case TOKEN_TEXT:
            n = parse_node(p, NODE_TEXT);
            n->name = p->at++->text;
            parse_push(p, out, n);
            break;
        case TOKEN_OUTPUT_BEGIN:
            p->at++;
            n = parse_node(p, NODE_OUTPUT);
            if (!(n->a = parse_tuple(p, true)))
                return false;
            if (p->at->kind != TOKEN_OUTPUT_END)
                return parse_expect(p, TOKEN_OUTPUT_END, "}}");
            p->at++;
            parse_push(p, out, n);
            break;
        case TOKEN_BLOCK_BEGIN:
            p->at++;
            if (!parse_statement(p, out))
                return false;
            break;
        default:
            p->depth--;
            return !names || parse_error(p, "the template ends before '%s'", names[0]);
        }
    }
    p->depth--;
    return true;
}

// The body of a block and its closing tag {% name %}.
static bool parse_closed(struct parser *p, const char *name, struct nodes *out)
{
    if (!block_end(p) || !parse_body(p, (const char *const[]){name, NULL}, out))
        return false;
    p->at += 2; // {% name
    return block_end(p);
}

// A name, a dotted name of a namespace, or a tuple of targets.
static struct node *parse_target(struct parser *p, bool namespaces)
{
    struct node *first = NULL, *all = NULL;
    do {
        if (all && p->at->kind != TOKEN_NAME)
            break; // a comma at the end
        if (parse_is(p->at, TOKEN_OPERATOR, "(")) {
            p->at++;
            if (!parse_enter(p))
                return NULL;
            first = parse_target(p, false);
            p->depth--;
            if (!first || !parse_expect(p, TOKEN_OPERATOR, ")"))
                return NULL;
        } else {
            if (p->at->kind != TOKEN_NAME) {
                parse_error(p, "expected a name to assign to");
                return NULL;
            }
            first = parse_node(p, NODE_NAME);
            first->name = p->at++->text;
            if (namespaces && !all && parse_accept(p, TOKEN_OPERATOR, ".")) {
                struct node *attribute = parse_node(p, NODE_ATTRIBUTE);
                attribute->a = first;
                attribute->name = p->at->text;
                p->at += p->at->kind == TOKEN_NAME;
                return attribute->name.len ? attribute : NULL;
            }
        }
        if (!all && parse_is(p->at, TOKEN_OPERATOR, ","))
            all = parse_node(p, NODE_TUPLE);
        if (all)
            parse_push(p, &all->list, first);
    } while (parse_accept(p, TOKEN_OPERATOR, ","));
    return all ? all : first;
}

// ---- Statements --------------------------------------------------------------------------------

static bool parse_for(struct parser *p, struct node *n)
{
    n->kind = NODE_FOR;
    n->a = parse_target(p, false);
    if (!n->a || !parse_expect(p, TOKEN_NAME, "in") || !(n->b = parse_tuple(p, false)))
        return false;
    if (parse_accept(p, TOKEN_NAME, "if") && !(n->c = parse_expression(p)))
        return false;
    if (at_name(p, "recursive"))
        return parse_error(p, "recursive loops are not supported");
    static const char *const ends[] = {"endfor", "else", NULL};
    if (!block_end(p) || !parse_body(p, ends, &n->body))
        return false;
    p->at++;
    if (parse_accept(p, TOKEN_NAME, "else"))
        return parse_closed(p, "endfor", &n->otherwise);
    p->at++;
    return block_end(p);
}

static bool parse_if(struct parser *p, struct node *n)
{
    n->kind = NODE_IF;
    static const char *const ends[] = {"endif", "elif", "else", NULL};
    if (!(n->a = parse_tuple(p, false)) || !block_end(p) || !parse_body(p, ends, &n->body))
        return false;
    p->at++;
    if (parse_accept(p, TOKEN_NAME, "elif")) {
        struct node *next = parse_node(p, NODE_IF);
        parse_push(p, &n->otherwise, next);
        if (!parse_enter(p) || !parse_if(p, next))
            return false;
        p->depth--;
        return true;
    }
    if (parse_accept(p, TOKEN_NAME, "else"))
        return parse_closed(p, "endif", &n->otherwise);
    p->at++;
    return block_end(p);
}

// What the filters of a block are applied to.
static struct node *block_text(struct parser *p)
{
    struct node *n = parse_node(p, NODE_NAME);
    n->name = slice_of(JINJA_BLOCK_TEXT);
    return n;
}

static bool parse_set(struct parser *p, struct node *n)
{
    if (!(n->a = parse_target(p, true)))
        return false;
    if (parse_accept(p, TOKEN_OPERATOR, "=")) {
        n->kind = NODE_SET;
        return (n->b = parse_tuple(p, true)) && block_end(p);
    }
    n->kind = NODE_SET_BLOCK;
    if (parse_is(p->at, TOKEN_OPERATOR, "|") && !(n->c = parse_filters(p, block_text(p))))
        return false;
    return parse_closed(p, "endset", &n->body);
}

// Parameters in parentheses; list holds their names, b their defaults as a list aligned at its end.
static bool parse_parameters(struct parser *p, struct node *n)
{
    n->b = parse_node(p, NODE_LIST);
    if (!parse_expect(p, TOKEN_OPERATOR, "("))
        return false;
    while (!parse_accept(p, TOKEN_OPERATOR, ")")) {
        if (n->list.count && !parse_expect(p, TOKEN_OPERATOR, ","))
            return false;
        if (p->at->kind != TOKEN_NAME)
            return parse_error(p, "expected the name of a parameter");
        struct node *name = parse_node(p, NODE_NAME), *value;
        name->name = p->at++->text;
        parse_push(p, &n->list, name);
        if (parse_accept(p, TOKEN_OPERATOR, "=")) {
            if (!(value = parse_expression(p)))
                return false;
            parse_push(p, &n->b->list, value);
        } else if (n->b->list.count) {
            return parse_error(p, "a parameter without a default after one with a default");
        }
    }
    return true;
}

static bool parse_macro(struct parser *p, struct node *n)
{
    n->kind = NODE_MACRO;
    if (p->at->kind != TOKEN_NAME)
        return parse_error(p, "expected the name of a macro");
    n->name = p->at++->text;
    return parse_parameters(p, n) && parse_closed(p, "endmacro", &n->body);
}

static bool parse_call_block(struct parser *p, struct node *n)
{
    n->kind = NODE_CALL_BLOCK;
    n->name = slice_of("caller");
    if (parse_is(p->at, TOKEN_OPERATOR, "(")) {
        if (!parse_parameters(p, n))
            return false;
    } else {
        n->b = parse_node(p, NODE_LIST);
    }
    if (!(n->a = parse_expression(p)))
        return false;
    if (n->a->kind != NODE_CALL)
        return parse_error(p, "expected a call");
    return parse_closed(p, "endcall", &n->body);
}

static bool parse_with(struct parser *p, struct node *n)
{
    n->kind = NODE_SCOPE;
    while (p->at->kind != TOKEN_BLOCK_END) {
        if (n->list.count && !parse_expect(p, TOKEN_OPERATOR, ","))
            return false;
        struct node *set = parse_node(p, NODE_SET);
        if (!(set->a = parse_target(p, false)) || !parse_expect(p, TOKEN_OPERATOR, "=") ||
            !(set->b = parse_expression(p)))
            return false;
        parse_push(p, &n->list, set);
    }
    return parse_closed(p, "endwith", &n->body);
}

static bool parse_filter_block(struct parser *p, struct node *n)
{
    n->kind = NODE_FILTER_BLOCK;
    if (!(n->c = parse_filter(p, block_text(p))) || !(n->c = parse_filters(p, n->c)))
        return false;
    return parse_closed(p, "endfilter", &n->body);
}

// {% generation %} marks what an assistant wrote; here it is a block like any other.
static bool parse_generation(struct parser *p, struct node *n)
{
    n->kind = NODE_SCOPE;
    return parse_closed(p, "endgeneration", &n->body);
}

static bool parse_break(struct parser *p, struct node *n)
{
    n->kind = NODE_BREAK;
    return block_end(p);
}

static bool parse_continue(struct parser *p, struct node *n)
{
    n->kind = NODE_CONTINUE;
    return block_end(p);
}

// One statement, after {%.
static bool parse_statement(struct parser *p, struct nodes *out)
{
    static const struct {
        const char *name;
        bool (*parse)(struct parser *p, struct node *n);
    } statements[] = {
        {"for", parse_for},
        {"if", parse_if},
        {"set", parse_set},
        {"macro", parse_macro},
        {"call", parse_call_block},
        {"with", parse_with},
        {"filter", parse_filter_block},
        {"generation", parse_generation},
        {"break", parse_break},
        {"continue", parse_continue},
    };
    struct node *n = parse_node(p, NODE_IF);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (parse_accept(p, TOKEN_NAME, statements[i].name)) {
            parse_push(p, out, n);
            return statements[i].parse(p, n);
        }
    }
    struct slice name = p->at->text;
    return parse_error(p, "unknown statement '%.*s'", (int)(name.len < 40 ? name.len : 40),
                       name.data);
}

bool jinja_parse(struct arena *a, struct slice source, struct nodes *out, struct err *e)
{
    if (source.len > JINJA_MAX_SOURCE)
        return err_set(e, "chat template: larger than %u bytes", JINJA_MAX_SOURCE);
    struct token_list tokens = {0};
    struct parser p = {.arena = a, .e = e};
    bool ok = jinja_lex(a, source, &tokens, e);
    p.at = tokens.items;
    ok = ok && parse_body(&p, NULL, out);
    free(tokens.items);
    return ok;
}
