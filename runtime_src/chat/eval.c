// SPDX-License-Identifier: Apache-2.0
// Evaluates expressions.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chat/jinja.h"

const struct value *scope_find(const struct scope *s, struct slice name)
{
    for (; s; s = s->parent) {
        const struct value *v = dict_get(&s->vars, value_string(name));
        if (v)
            return v;
    }
    return NULL;
}

static bool eval_all(struct run *r, const struct nodes *list, struct value *out)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!run_eval(r, list->items[i], &out[i]))
            return false;
    }
    return true;
}

static bool eval_list(struct run *r, const struct node *n, struct value *out)
{
    *out = value_list(r->arena);
    out->list->tuple = n->kind == NODE_TUPLE;
    for (size_t i = 0; i < n->list.count; i++) {
        struct value item;
        if (!run_eval(r, n->list.items[i], &item))
            return false;
        list_push(r->arena, out->list, item);
    }
    return true;
}

static bool eval_dict(struct run *r, const struct node *n, struct value *out)
{
    *out = value_dict(r->arena);
    for (size_t i = 0; i < n->list.count; i += 2) {
        struct value key, item;
        if (!run_eval(r, n->list.items[i], &key) || !run_eval(r, n->list.items[i + 1], &item))
            return false;
        if (!value_hashable(r, &key))
            return false;
        run_dict_set(r, out->dict, key, item);
    }
    return true;
}

// The arguments of a call, filter or test.
static bool eval_args(struct run *r, const struct node *n, struct call_args *out)
{
    struct value *values = arena_alloc(r->arena, (n->list.count + 1) * sizeof *values);
    *out = (struct call_args){values, n->list.count - n->named, n->names, n->named};
    return eval_all(r, &n->list, values);
}

static bool eval_call(struct run *r, const struct node *n, struct value *out)
{
    struct value callee;
    struct call_args args;
    // x.name(...): a method of x when it has one, else what x.name is.
    if (n->a->kind == NODE_ATTRIBUTE) {
        struct value self;
        if (!run_eval(r, n->a->a, &self))
            return false;
        if (method_exists(&self, n->a->name))
            return eval_args(r, n, &args) && method_call(r, &self, n->a->name, &args, out);
        if (!value_attribute(r, &self, n->a->name, &callee))
            return false;
    } else if (!run_eval(r, n->a, &callee)) {
        return false;
    }
    return eval_args(r, n, &args) && run_call(r, &callee, &args, out);
}

bool run_call(struct run *r, const struct value *f, const struct call_args *a, struct value *out)
{
    if (f->kind == VALUE_FUNCTION)
        return f->function(r, a, out);
    if (f->kind == VALUE_MACRO)
        return run_macro(r, f->macro, a, out);
    if (f->kind == VALUE_METHOD)
        return method_call(r, &f->method->self, f->method->name, a, out);
    if (f->kind == VALUE_UNDEFINED)
        return run_error(r, "'%.*s' is undefined", (int)(f->s.len < 80 ? f->s.len : 80),
                         f->s.data ? f->s.data : "");
    return run_error(r, "'%s' object is not callable", value_type_name(f));
}

static bool eval_comparison(struct run *r, const struct node *n, struct value *out)
{
    struct value left, right;
    *out = value_bool(true);
    if (!run_eval(r, n->a, &left))
        return false;
    for (size_t i = 0; i < n->list.count && out->b; i++) {
        struct slice op = n->names[i];
        int order = 0;
        bool found;
        if (!run_eval(r, n->list.items[i], &right))
            return false;
        if (slice_is(op, "==") || slice_is(op, "!=")) {
            if (!value_equal(r, &left, &right, &found))
                return false;
            out->b = found == slice_is(op, "==");
        } else if (slice_is(op, "in") || slice_is(op, "not in")) {
            if (!value_contains(r, &right, &left, &found))
                return false;
            out->b = found == slice_is(op, "in");
        } else {
            if (!value_compare(r, &left, &right, &order))
                return false;
            bool equal = op.len == 2;
            out->b = op.data[0] == '<' ? order < 0 || (equal && order == 0)
                                       : order > 0 || (equal && order == 0);
        }
        left = right;
    }
    return true;
}

static bool eval_concat(struct run *r, const struct node *n, struct value *out)
{
    struct buf b = {0};
    struct value part;
    bool ok = true;
    for (size_t i = 0; ok && i < n->list.count; i++)
        ok = run_eval(r, n->list.items[i], &part) && value_str(r, &part, &b);
    *out = value_string(arena_copy(r->arena, b.data, b.len));
    buf_free(&b);
    return ok;
}

static bool eval_sign(struct run *r, const struct node *n, struct value *out)
{
    if (!run_eval(r, n->a, out))
        return false;
    if (out->kind == VALUE_BOOL)
        *out = value_int(out->b);
    if (out->kind != VALUE_INT && out->kind != VALUE_FLOAT)
        return run_error(r, "bad operand type for a sign: '%s'", value_type_name(out));
    if (n->kind == NODE_NEGATE && out->kind == VALUE_FLOAT)
        out->f = -out->f;
    else if (n->kind == NODE_NEGATE && __builtin_sub_overflow((int64_t)0, out->i, &out->i))
        return run_error(r, "an integer beyond 64 bits");
    return true;
}

static bool eval_item(struct run *r, const struct node *n, struct value *out)
{
    struct value object, key, part[3];
    if (!run_eval(r, n->a, &object))
        return false;
    if (n->b->kind != NODE_SLICE)
        return run_eval(r, n->b, &key) && value_item(r, &object, &key, out);
    const struct node *nodes[3] = {n->b->a, n->b->b, n->b->c};
    for (int i = 0; i < 3; i++) {
        part[i] = value_none();
        if (nodes[i] && !run_eval(r, nodes[i], &part[i]))
            return false;
    }
    return value_slice(r, &object, part, out);
}

static bool eval_test(struct run *r, const struct node *n, struct value *out)
{
    struct value v;
    struct call_args args;
    *out = value_bool(false);
    return run_eval(r, n->a, &v) && eval_args(r, n, &args) &&
           test_apply(r, n->name, &v, &args, &out->b);
}

static bool eval_filter(struct run *r, const struct node *n, struct value *out)
{
    struct value v;
    struct call_args args;
    return run_eval(r, n->a, &v) && eval_args(r, n, &args) &&
           filter_apply(r, n->name, &v, &args, out);
}

static bool eval_binary(struct run *r, const struct node *n, struct value *out)
{
    struct value a, b;
    return run_eval(r, n->a, &a) && run_eval(r, n->b, &b) && run_spend_on(r, &a) &&
           run_spend_on(r, &b) && value_operate(r, n->name, &a, &b, out);
}

static bool eval_name(struct run *r, const struct node *n, struct value *out)
{
    for (const struct scope *s = r->scope; s; s = s->parent)
        r->steps += (long)(s->vars.count >> 4); // what the look-up may walk over
    const struct value *v = scope_find(r->scope, n->name);
    *out = v ? *v : (struct value){.kind = VALUE_UNDEFINED, .s = n->name};
    return true;
}

static bool eval_node(struct run *r, const struct node *n, struct value *out)
{
    switch (n->kind) {
    case NODE_CONST:
        *out = n->constant;
        return true;
    case NODE_NAME:
        return eval_name(r, n, out);
    case NODE_LIST:
    case NODE_TUPLE:
        return eval_list(r, n, out);
    case NODE_DICT:
        return eval_dict(r, n, out);
    case NODE_ATTRIBUTE:
        return run_eval(r, n->a, out) && value_attribute(r, out, n->name, out);
    case NODE_ITEM:
        return eval_item(r, n, out);
    case NODE_CALL:
        return eval_call(r, n, out);
    case NODE_FILTER:
        return eval_filter(r, n, out);
    case NODE_TEST:
        return eval_test(r, n, out);
    case NODE_NEGATE:
    case NODE_PLUS:
        return eval_sign(r, n, out);
    case NODE_NOT:
        if (!run_eval(r, n->a, out))
            return false;
        *out = value_bool(!value_truth(out));
        return true;
    case NODE_BINARY:
        return eval_binary(r, n, out);
    case NODE_COMPARE:
        return eval_comparison(r, n, out);
    case NODE_AND:
    case NODE_OR: // the operand that decides
        return run_eval(r, n->a, out) &&
               (value_truth(out) == (n->kind == NODE_OR) || run_eval(r, n->b, out));
    case NODE_CONCAT:
        return eval_concat(r, n, out);
    case NODE_CONDITION:
        if (!run_eval(r, n->a, out))
            return false;
        if (value_truth(out))
            return run_eval(r, n->b, out);
        *out = (struct value){.kind = VALUE_UNDEFINED};
        return !n->c || run_eval(r, n->c, out);
    default:
        return run_error(r, "not an expression");
    }
}

bool run_eval(struct run *r, const struct node *n, struct value *out)
{
    r->line = n->line;
    if (!run_spend(r, 1) || !run_room(r, 0) || !run_enter(r))
        return false;
    bool ok = eval_node(r, n, out);
    r->depth--;
    r->line = n->line;
    return ok;
}
