// SPDX-License-Identifier: Apache-2.0
// Runs statements, and what macros do.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chat/jinja.h"

enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_ERROR };

static enum flow run_body(struct run *r, const struct nodes *body);

bool run_error(struct run *r, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->e, "chat template, line %d: %s", r->line, text);
}

bool run_spend(struct run *r, size_t steps)
{
    if (steps > JINJA_MAX_STEPS || (r->steps += (long)steps) > JINJA_MAX_STEPS)
        return run_error(r, "more than %d steps", JINJA_MAX_STEPS);
    return true;
}

bool run_spend_on(struct run *r, const struct value *v)
{
    return run_spend(r, 1 + (v->kind == VALUE_STRING ? v->s.len >> 10
                             : v->kind == VALUE_LIST ? v->list->count >> 4
                             : v->kind == VALUE_DICT ? v->dict->count >> 4
                                                     : 0));
}

// The search for a part compares at worst the whole part at each place.
bool run_spend_search(struct run *r, struct slice s, struct slice part)
{
    return run_spend(r, s.len / 16384 * part.len + (s.len % 16384 * part.len >> 14));
}

bool run_room(struct run *r, size_t size)
{
    if (size > JINJA_MAX_MEMORY || r->arena->total > JINJA_MAX_MEMORY - size)
        return run_error(r, "more than %u bytes of values", JINJA_MAX_MEMORY);
    return true;
}

bool run_enter(struct run *r)
{
    return ++r->depth <= JINJA_MAX_DEPTH * 2 || run_error(r, "calls or values nest too deep");
}

// The walk to the key's place counts; the next node that is run sees whether it was too much.
void run_dict_set(struct run *r, struct dict *d, struct value key, struct value v)
{
    r->steps += (long)(d->count >> 4);
    dict_set(r->arena, d, key, v);
}

bool run_put(struct run *r, struct buf *b, const char *data, size_t len)
{
    if (len > JINJA_MAX_TEXT || b->len > JINJA_MAX_TEXT - len)
        return run_error(r, "a text of more than %u bytes", JINJA_MAX_TEXT);
    buf_append(b, data, len);
    return true;
}

static enum flow flow(bool ok)
{
    return ok ? FLOW_NEXT : FLOW_ERROR;
}

static struct scope *open_scope(struct run *r, struct scope *parent)
{
    struct scope *s = arena_alloc(r->arena, sizeof *s);
    s->parent = parent;
    return s;
}

static void define(struct run *r, struct scope *s, struct slice name, struct value v)
{
    run_dict_set(r, &s->vars, value_string(name), v);
}

// A body in a scope of its own, its text into `out`.
static bool capture(struct run *r, const struct nodes *body, struct scope *scope, struct value *out)
{
    struct scope *saved = r->scope;
    struct buf *out_saved = r->out, text = {0};
    r->scope = scope;
    r->out = &text;
    bool ok = run_body(r, body) != FLOW_ERROR;
    r->scope = saved;
    r->out = out_saved;
    *out = value_string(arena_copy(r->arena, text.data, text.len));
    buf_free(&text);
    return ok;
}

static bool assign(struct run *r, const struct node *target, struct value v)
{
    if (target->kind == NODE_NAME) {
        define(r, r->scope, target->name, v);
        return true;
    }
    if (target->kind == NODE_ATTRIBUTE) {
        const struct value *space = scope_find(r->scope, target->a->name);
        if (!space || space->kind != VALUE_NAMESPACE)
            return run_error(r, "'%.*s' is no namespace, so its attributes cannot be set",
                             (int)(target->a->name.len < 80 ? target->a->name.len : 80),
                             target->a->name.data);
        run_dict_set(r, space->dict, value_string(target->name), v);
        return true;
    }
    struct list *items;
    if (!value_items(r, &v, &items))
        return false;
    if (items->count != target->list.count)
        return run_error(r, "%zu values for %zu names", items->count, target->list.count);
    for (size_t i = 0; i < items->count; i++) {
        if (!assign(r, target->list.items[i], items->items[i]))
            return false;
    }
    return true;
}

// ---- Macros ------------------------------------------------------------------------------------

// Binds the arguments in the macro's scope.
static bool bind(struct run *r, const struct macro *m, const struct call_args *a)
{
    const struct nodes *names = &m->node->list, *defaults = &m->node->b->list;
    if (a->count > names->count)
        return run_error(r, "macro '%.*s' takes not more than %zu arguments",
                         (int)(m->node->name.len < 80 ? m->node->name.len : 80), m->node->name.data,
                         names->count);
    if (!run_spend(r, names->count * a->named >> 4)) // each is looked for among the others
        return false;
    for (size_t i = 0; i < a->named; i++) {
        bool known = m->caller && slice_is(a->names[i], "caller");
        for (size_t k = 0; k < names->count; k++)
            known = known || slice_eq(names->items[k]->name, a->names[i]);
        if (!known)
            return run_error(r, "macro has no parameter '%.*s'",
                             (int)(a->names[i].len < 80 ? a->names[i].len : 80), a->names[i].data);
    }
    for (size_t i = 0; i < names->count; i++) {
        struct slice name = names->items[i]->name;
        struct value v = {.kind = VALUE_UNDEFINED, .s = name};
        const struct value *given = i < a->count ? &a->values[i] : NULL;
        for (size_t k = 0; k < a->named; k++) {
            if (slice_eq(a->names[k], name))
                given = &a->values[a->count + k];
        }
        size_t first = names->count - defaults->count;
        if (given)
            v = *given;
        else if (i >= first && !run_eval(r, defaults->items[i - first], &v))
            return false;
        define(r, r->scope, name, v);
    }
    return true;
}

bool run_macro(struct run *r, const struct macro *m, const struct call_args *a, struct value *out)
{
    if (++r->depth > JINJA_MAX_DEPTH)
        return run_error(r, "calls nest too deep");
    struct scope *saved = r->scope;
    r->scope = open_scope(r, m->scope);
    if (m->caller)
        define(r, r->scope, slice_of("caller"), *m->caller);
    bool ok = bind(r, m, a) && capture(r, &m->node->body, r->scope, out);
    r->scope = saved;
    r->depth--;
    return ok;
}

static struct value new_macro(struct run *r, const struct node *n)
{
    struct macro *m = arena_alloc(r->arena, sizeof *m);
    m->node = n;
    m->scope = r->scope;
    return (struct value){.kind = VALUE_MACRO, .macro = m};
}

// {% call f(...) %}: the macro f sees the block as caller().
static bool run_call_block(struct run *r, const struct node *n)
{
    struct value f, text, *caller = arena_alloc(r->arena, sizeof *caller);
    *caller = new_macro(r, n);
    if (!run_eval(r, n->a->a, &f))
        return false;
    if (f.kind != VALUE_MACRO)
        return run_error(r, "a call block needs a macro");
    struct macro with_caller = *f.macro;
    with_caller.caller = caller;
    struct value *values = arena_alloc(r->arena, (n->a->list.count + 1) * sizeof *values);
    for (size_t i = 0; i < n->a->list.count; i++) {
        if (!run_eval(r, n->a->list.items[i], &values[i]))
            return false;
    }
    struct call_args args = {values, n->a->list.count - n->a->named, n->a->names, n->a->named};
    return run_macro(r, &with_caller, &args, &text) && value_str(r, &text, r->out);
}

// ---- Statements --------------------------------------------------------------------------------

// The items that pass the loop's condition, each seen as the loop's variable.
static bool filter_items(struct run *r, const struct node *n, struct list **items)
{
    struct value kept = value_list(r->arena);
    for (size_t i = 0; i < (*items)->count; i++) {
        struct value passes;
        r->scope = open_scope(r, r->scope);
        bool ok = assign(r, n->a, (*items)->items[i]) && run_eval(r, n->c, &passes);
        r->scope = r->scope->parent;
        if (!ok)
            return false;
        if (value_truth(&passes))
            list_push(r->arena, kept.list, (*items)->items[i]);
    }
    *items = kept.list;
    return true;
}

static enum flow run_for(struct run *r, const struct node *n)
{
    struct value over;
    struct list *items;
    if (!run_eval(r, n->b, &over) || !value_items(r, &over, &items) ||
        (n->c && !filter_items(r, n, &items)))
        return FLOW_ERROR;
    struct scope *outer = r->scope;
    struct loop *loop = arena_alloc(r->arena, sizeof *loop);
    loop->items = items;
    loop->depth = 1;
    enum flow f = FLOW_NEXT;
    for (; loop->index < items->count && f != FLOW_BREAK; loop->index++) {
        r->scope = open_scope(r, outer);
        define(r, r->scope, slice_of("loop"), (struct value){.kind = VALUE_LOOP, .loop = loop});
        f = assign(r, n->a, items->items[loop->index]) ? run_body(r, &n->body) : FLOW_ERROR;
        r->scope = outer;
        if (f == FLOW_ERROR)
            return f;
    }
    if (items->count)
        return FLOW_NEXT;
    r->scope = open_scope(r, outer);
    f = run_body(r, &n->otherwise);
    r->scope = outer;
    return f;
}

static enum flow run_if(struct run *r, const struct node *n)
{
    struct value test;
    if (!run_eval(r, n->a, &test))
        return FLOW_ERROR;
    return run_body(r, value_truth(&test) ? &n->body : &n->otherwise);
}

// A captured body through its filters (which see it under a name of its own), and then to its
// target or the output.
static bool run_captured(struct run *r, const struct node *n)
{
    struct value text;
    if (!capture(r, &n->body, open_scope(r, r->scope), &text))
        return false;
    if (n->c) {
        r->scope = open_scope(r, r->scope);
        define(r, r->scope, slice_of(JINJA_BLOCK_TEXT), text);
        if (!run_eval(r, n->c, &text))
            return false;
        r->scope = r->scope->parent;
    }
    return n->kind == NODE_SET_BLOCK ? assign(r, n->a, text) : value_str(r, &text, r->out);
}

static enum flow run_scope(struct run *r, const struct node *n)
{
    struct scope *outer = r->scope, *inner = open_scope(r, outer);
    for (size_t i = 0; i < n->list.count; i++) { // the values of "with" are seen from outside
        struct value v;
        if (!run_eval(r, n->list.items[i]->b, &v))
            return FLOW_ERROR;
        r->scope = inner;
        bool ok = assign(r, n->list.items[i]->a, v);
        r->scope = outer;
        if (!ok)
            return FLOW_ERROR;
    }
    r->scope = inner;
    enum flow f = run_body(r, &n->body);
    r->scope = outer;
    return f;
}

static enum flow run_statement(struct run *r, const struct node *n)
{
    struct value v;
    r->line = n->line;
    switch (n->kind) {
    case NODE_TEXT:
        return flow(run_put(r, r->out, n->name.data, n->name.len));
    case NODE_OUTPUT:
        return flow(run_eval(r, n->a, &v) && value_str(r, &v, r->out));
    case NODE_FOR:
        return run_for(r, n);
    case NODE_IF:
        return run_if(r, n);
    case NODE_SET:
        return flow(run_eval(r, n->b, &v) && assign(r, n->a, v));
    case NODE_SET_BLOCK:
    case NODE_FILTER_BLOCK:
        return flow(run_captured(r, n));
    case NODE_MACRO:
        define(r, r->scope, n->name, new_macro(r, n));
        return FLOW_NEXT;
    case NODE_CALL_BLOCK:
        return flow(run_call_block(r, n));
    case NODE_SCOPE:
        return run_scope(r, n);
    case NODE_BREAK:
        return FLOW_BREAK;
    case NODE_CONTINUE:
        return FLOW_CONTINUE;
    default:
        return flow(run_error(r, "not a statement"));
    }
}

static enum flow run_body(struct run *r, const struct nodes *body)
{
    enum flow f = FLOW_NEXT;
    if (!run_spend(r, 1))
        return FLOW_ERROR;
    if (++r->depth > JINJA_MAX_DEPTH)
        return flow(run_error(r, "blocks nest too deep"));
    for (size_t i = 0; i < body->count && f == FLOW_NEXT; i++)
        f = run_statement(r, body->items[i]);
    r->depth--;
    return f;
}

bool run_statements(struct run *r, const struct nodes *body)
{
    return run_body(r, body) != FLOW_ERROR;
}
