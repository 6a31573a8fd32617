// SPDX-License-Identifier: Apache-2.0
// Values: making, comparing and iterating them, with Python's rules.
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/jinja.h"

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

void list_reserve(struct arena *a, struct list *l, size_t cap)
{
    struct value *items = arena_alloc(a, cap * sizeof *items);
    if (l->count)
        memcpy(items, l->items, l->count * sizeof *items);
    l->items = items;
    l->cap = cap;
}

void list_push(struct arena *a, struct list *l, struct value v)
{
    if (l->count == l->cap)
        list_reserve(a, l, l->cap ? l->cap * 2 : 8);
    l->items[l->count++] = v;
}

static bool equal_plain(const struct value *a, const struct value *b);

// Keys are at most JINJA_MAX_KEY values, so that this recursion ends.
static bool equal_keys(const struct value *a, const struct value *b)
{
    if (a->kind != VALUE_LIST || b->kind != VALUE_LIST)
        return equal_plain(a, b);
    bool equal = a->list->count == b->list->count;
    for (size_t i = 0; equal && i < a->list->count; i++)
        equal = equal_keys(&a->list->items[i], &b->list->items[i]);
    return equal;
}

const struct value *dict_get(const struct dict *d, struct value key)
{
    for (size_t i = 0; i < d->count; i++) {
        if (equal_keys(&d->pairs[i].key, &key))
            return &d->pairs[i].value;
    }
    return NULL;
}

void dict_set(struct arena *a, struct dict *d, struct value key, struct value v)
{
    for (size_t i = 0; i < d->count; i++) {
        if (equal_keys(&d->pairs[i].key, &key)) {
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
    static const char *const names[] = {
        "Undefined", "NoneType",  "bool",        "int",   "float",    "str",   "list",
        "dict",      "Namespace", "LoopContext", "Macro", "function", "method"};
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

// Values of one kind, or numbers, that hold no others.
static bool equal_plain(const struct value *a, const struct value *b)
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

static bool equal_lists(struct run *r, const struct list *a, const struct list *b, bool *equal)
{
    *equal = a->count == b->count && a->tuple == b->tuple;
    for (size_t i = 0; *equal && i < a->count; i++) {
        if (!value_equal(r, &a->items[i], &b->items[i], equal))
            return false;
    }
    return true;
}

static bool equal_dicts(struct run *r, const struct dict *a, const struct dict *b, bool *equal)
{
    *equal = a->count == b->count;
    for (size_t i = 0; *equal && i < a->count; i++) {
        const struct value *other = dict_get(b, a->pairs[i].key);
        *equal = other;
        if (!run_spend(r, b->count >> 4) ||
            (other && !value_equal(r, &a->pairs[i].value, other, equal)))
            return false;
    }
    return true;
}

bool value_equal(struct run *r, const struct value *a, const struct value *b, bool *equal)
{
    bool lists = a->kind == VALUE_LIST && b->kind == VALUE_LIST;
    bool dicts = a->kind == VALUE_DICT && b->kind == VALUE_DICT;
    if (!run_spend(r, 1 + (a->kind == VALUE_STRING ? a->s.len >> 10 : 0)))
        return false;
    if (!lists && !dicts) {
        *equal = equal_plain(a, b);
        return true;
    }
    if (!run_enter(r))
        return false;
    bool ok =
        lists ? equal_lists(r, a->list, b->list, equal) : equal_dicts(r, a->dict, b->dict, equal);
    r->depth--;
    return ok;
}

// The first items that differ decide.
static bool compare_lists(struct run *r, const struct list *a, const struct list *b, int *order)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        bool equal;
        if (!value_equal(r, &a->items[i], &b->items[i], &equal))
            return false;
        if (!equal)
            return value_compare(r, &a->items[i], &b->items[i], order);
    }
    *order = (a->count > b->count) - (a->count < b->count);
    return true;
}

bool value_compare(struct run *r, const struct value *a, const struct value *b, int *order)
{
    if (!run_spend_on(r, a))
        return false;
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
        bool ok = run_enter(r) && compare_lists(r, a->list, b->list, order);
        r->depth--;
        return ok;
    }
    if (a->kind == VALUE_UNDEFINED || b->kind == VALUE_UNDEFINED)
        return run_error(r, "an undefined value cannot be compared");
    return run_error(r, "'%s' and '%s' have no order", value_type_name(a), value_type_name(b));
}

// Whether v may be a key: no list or dict is in it, and no more than *room values are.
static bool is_key(const struct value *v, int *room)
{
    if (--*room < 0 || v->kind == VALUE_DICT || (v->kind == VALUE_LIST && !v->list->tuple))
        return false;
    for (size_t i = 0; v->kind == VALUE_LIST && i < v->list->count; i++) {
        if (!is_key(&v->list->items[i], room))
            return false;
    }
    return true;
}

bool value_is_key(const struct value *v)
{
    int room = JINJA_MAX_KEY;
    return is_key(v, &room);
}

bool value_hashable(struct run *r, const struct value *v)
{
    if (value_is_key(v))
        return true;
    return run_error(r, "unhashable type: '%s'", value_type_name(v));
}

bool value_contains(struct run *r, const struct value *all, const struct value *one, bool *out)
{
    *out = false;
    if (!run_spend_on(r, all))
        return false;
    switch (all->kind) {
    case VALUE_UNDEFINED:
        return true;
    case VALUE_STRING:
        if (one->kind != VALUE_STRING)
            return run_error(r, "'in <string>' requires string as left operand, not %s",
                             value_type_name(one));
        if (!run_spend_search(r, all->s, one->s))
            return false;
        *out = text_find(all->s, one->s, 0) != SIZE_MAX;
        return true;
    case VALUE_DICT:
        if (!value_hashable(r, one))
            return false;
        *out = dict_get(all->dict, *one);
        return true;
    case VALUE_LIST:
        for (size_t i = 0; i < all->list->count && !*out; i++) {
            if (!value_equal(r, &all->list->items[i], one, out))
                return false;
        }
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
        size_t count = text_length(v->s);
        if (!run_spend_on(r, v) || !run_room(r, count * sizeof *(*out)->items))
            return false;
        list_reserve(r->arena, *out, count);
        for (size_t i = 0, n; i < v->s.len; i += n) {
            uint32_t code;
            n = utf8_read(v->s, i, &code);
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
