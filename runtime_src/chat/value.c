// SPDX-License-Identifier: Apache-2.0
// Values: making, comparing and iterating them, with Python's rules.
#include <math.h>
#include <string.h>

#include "chat/jinja.h"
#include "tokenizer/unicode.h"

struct value value_string(struct slice s)
{
    return (struct value){.kind = VALUE_STRING, .s = s};
}

struct value value_text(const char *s)
{
    return value_string(slice_of(s));
}

struct value value_int(int64_t i)
{
    return (struct value){.kind = VALUE_INT, .i = i};
}

struct value value_bool(bool b)
{
    return (struct value){.kind = VALUE_BOOL, .b = b};
}

struct value value_float(double f)
{
    return (struct value){.kind = VALUE_FLOAT, .f = f};
}

struct value value_none(void)
{
    return (struct value){.kind = VALUE_NONE};
}

struct value value_list(struct arena *a)
{
    return (struct value){.kind = VALUE_LIST, .list = arena_alloc(a, sizeof(struct list))};
}

struct value value_dict(struct arena *a)
{
    return (struct value){.kind = VALUE_DICT, .dict = arena_alloc(a, sizeof(struct dict))};
}

void list_push(struct arena *a, struct list *l, struct value v)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct value *items = arena_alloc(a, cap * sizeof *items);
        if (l->count)
            memcpy(items, l->items, l->count * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->count++] = v;
}

const struct value *dict_get(const struct dict *d, struct value key)
{
    for (size_t i = 0; i < d->count; i++) {
        if (value_equal(&d->pairs[i].key, &key))
            return &d->pairs[i].value;
    }
    return NULL;
}

const struct value *dict_find(const struct dict *d, const char *key)
{
    return dict_get(d, value_text(key));
}

void dict_set(struct arena *a, struct dict *d, struct value key, struct value v)
{
    for (size_t i = 0; i < d->count; i++) {
        if (value_equal(&d->pairs[i].key, &key)) {
            d->pairs[i].value = v;
            return;
        }
    }
    if (d->count == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 4;
        struct pair *pairs = arena_alloc(a, cap * sizeof *pairs);
        if (d->count)
            memcpy(pairs, d->pairs, d->count * sizeof *pairs);
        d->pairs = pairs;
        d->cap = cap;
    }
    d->pairs[d->count++] = (struct pair){key, v};
}

const char *value_type_name(const struct value *v)
{
    static const char *const names[] = {"Undefined", "NoneType", "bool", "int", "float", "str",
                                        "list", "dict", "Namespace", "LoopContext", "Macro",
                                        "function", "method"};
    return v->kind == VALUE_LIST && v->list->tuple ? "tuple" : names[v->kind];
}

bool value_truth(const struct value *v)
{
    switch (v->kind) {
    case VALUE_UNDEFINED:
    case VALUE_NONE:
        return false;
    case VALUE_BOOL:
        return v->b;
    case VALUE_INT:
        return v->i != 0;
    case VALUE_FLOAT:
        return v->f != 0;
    case VALUE_STRING:
        return v->s.len > 0;
    case VALUE_LIST:
        return v->list->count > 0;
    case VALUE_DICT:
        return v->dict->count > 0;
    default:
        return true;
    }
}

bool value_is_number(const struct value *v)
{
    return v->kind == VALUE_BOOL || v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

double value_number(const struct value *v)
{
    return v->kind == VALUE_FLOAT ? v->f : v->kind == VALUE_INT ? (double)v->i : v->b;
}

static int64_t whole(const struct value *v)
{
    return v->kind == VALUE_BOOL ? v->b : v->i;
}

static bool equal_dicts(const struct dict *a, const struct dict *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct value *other = dict_get(b, a->pairs[i].key);
        if (!other || !value_equal(&a->pairs[i].value, other))
            return false;
    }
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (value_is_number(a) && value_is_number(b)) {
        if (a->kind == VALUE_FLOAT || b->kind == VALUE_FLOAT)
            return value_number(a) == value_number(b);
        return whole(a) == whole(b);
    }
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_STRING:
        return slice_eq(a->s, b->s);
    case VALUE_LIST:
        if (a->list->count != b->list->count || a->list->tuple != b->list->tuple)
            return false;
        for (size_t i = 0; i < a->list->count; i++) {
            if (!value_equal(&a->list->items[i], &b->list->items[i]))
                return false;
        }
        return true;
    case VALUE_DICT:
        return equal_dicts(a->dict, b->dict);
    case VALUE_UNDEFINED:
    case VALUE_NONE:
        return true;
    case VALUE_NAMESPACE:
        return a->dict == b->dict;
    case VALUE_LOOP:
        return a->loop == b->loop;
    case VALUE_MACRO:
        return a->macro == b->macro;
    case VALUE_FUNCTION:
        return a->function == b->function;
    default:
        return false;
    }
}

bool value_compare(struct run *r, const struct value *a, const struct value *b, int *order)
{
    if (value_is_number(a) && value_is_number(b)) {
        if (a->kind == VALUE_FLOAT || b->kind == VALUE_FLOAT) {
            double x = value_number(a), y = value_number(b);
            *order = (x > y) - (x < y);
        } else {
            *order = (whole(a) > whole(b)) - (whole(a) < whole(b));
        }
        return true;
    }
    if (a->kind == VALUE_STRING && b->kind == VALUE_STRING) {
        // The order of UTF-8 bytes is that of code points.
        size_t n = a->s.len < b->s.len ? a->s.len : b->s.len;
        int c = n ? memcmp(a->s.data, b->s.data, n) : 0;
        *order = c ? c : (a->s.len > b->s.len) - (a->s.len < b->s.len);
        return true;
    }
    if (a->kind == VALUE_LIST && b->kind == VALUE_LIST && a->list->tuple == b->list->tuple) {
        const struct list *x = a->list, *y = b->list;
        for (size_t i = 0; i < x->count && i < y->count; i++) {
            if (!value_equal(&x->items[i], &y->items[i]))
                return value_compare(r, &x->items[i], &y->items[i], order);
        }
        *order = (x->count > y->count) - (x->count < y->count);
        return true;
    }
    if (a->kind == VALUE_UNDEFINED || b->kind == VALUE_UNDEFINED)
        return run_error(r, "an undefined value cannot be compared");
    return run_error(r, "'%s' and '%s' have no order", value_type_name(a), value_type_name(b));
}

bool value_hashable(struct run *r, const struct value *v)
{
    if (v->kind == VALUE_DICT || (v->kind == VALUE_LIST && !v->list->tuple))
        return run_error(r, "unhashable type: '%s'", value_type_name(v));
    return true;
}

bool value_contains(struct run *r, const struct value *all, const struct value *one, bool *out)
{
    *out = false;
    switch (all->kind) {
    case VALUE_UNDEFINED:
        return true;
    case VALUE_STRING:
        if (one->kind != VALUE_STRING)
            return run_error(r, "'in <string>' requires string as left operand, not %s",
                             value_type_name(one));
        *out = text_find(all->s, one->s, 0) != SIZE_MAX;
        return true;
    case VALUE_DICT:
        *out = dict_get(all->dict, *one);
        return value_hashable(r, one);
    case VALUE_LIST:
        for (size_t i = 0; i < all->list->count && !*out; i++)
            *out = value_equal(&all->list->items[i], one);
        return true;
    default:
        return run_error(r, "argument of type '%s' is not iterable", value_type_name(all));
    }
}

bool value_items(struct run *r, const struct value *v, struct list **out)
{
    if (v->kind == VALUE_LIST) {
        *out = v->list;
        return true;
    }
    struct value items = value_list(r->arena);
    *out = items.list;
    if (v->kind == VALUE_STRING) {
        for (size_t i = 0, n; i < v->s.len; i += n) {
            uint32_t code;
            n = unicode_read(v->s.data, i, &code);
            list_push(r->arena, *out, value_string((struct slice){v->s.data + i, n}));
        }
    } else if (v->kind == VALUE_DICT) {
        for (size_t i = 0; i < v->dict->count; i++)
            list_push(r->arena, *out, v->dict->pairs[i].key);
    } else if (v->kind != VALUE_UNDEFINED) {
        return run_error(r, "'%s' object is not iterable", value_type_name(v));
    }
    return true;
}
