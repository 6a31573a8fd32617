// SPDX-License-Identifier: Apache-2.0
// Filters over the items of a value. What gives a generator in Jinja gives a list here.
#include <stdlib.h>
#include <string.h>

#include "chat/filters.h"

// The value that a path such as "function.name" or "0.id" leads to from an item; `fallback`, where
// there is one, stands in for each step that leads nowhere.
static bool follow_or(struct run *r, const struct value *item, const struct value *path,
                      const struct value *fallback, struct value *out)
{
    *out = *item;
    if (!path)
        return true;
    if (path->kind != VALUE_STRING) {
        struct value from = *out;
        if (!value_item(r, &from, path, out))
            return false;
        if (fallback && out->kind == VALUE_UNDEFINED)
            *out = *fallback;
        return true;
    }
    for (size_t at = 0; at <= path->s.len;) {
        if (!run_spend(r, 1))
            return false;
        size_t end = text_find(path->s, slice_of("."), at);
        end = end == SIZE_MAX ? path->s.len : end;
        struct slice part = {path->s.data + at, end - at};
        struct value key = value_string(part), from = *out;
        if (part.len && part.len < 10 && strspn(part.data, "0123456789") >= part.len)
            key = value_int(atoll(part.data));
        if (!value_item(r, &from, &key, out))
            return false;
        if (fallback && out->kind == VALUE_UNDEFINED)
            *out = *fallback;
        at = end + 1;
    }
    return true;
}

static bool follow(struct run *r, const struct value *item, const struct value *path,
                   struct value *out)
{
    return follow_or(r, item, path, NULL, out);
}

static bool filter_list(struct run *r, const struct value *v, const struct call_args *a,
                        struct value *out)
{
    (void)a;
    struct list *items;
    if (!value_items(r, v, &items))
        return false;
    *out = value_list(r->arena);
    for (size_t i = 0; i < items->count; i++)
        list_push(r->arena, out->list, items->items[i]);
    return true;
}

static bool filter_join(struct run *r, const struct value *v, const struct call_args *a,
                        struct value *out)
{
    struct list *items;
    struct slice between;
    struct buf b = {0};
    bool ok = value_items(r, v, &items) && call_text(r, a, 0, "d", "", &between);
    for (size_t i = 0; ok && i < items->count; i++) {
        struct value part;
        ok = follow(r, &items->items[i], call_get(a, 1, "attribute"), &part) &&
             (i == 0 || run_put(r, &b, between.data, between.len)) && value_str(r, &part, &b);
    }
    *out = value_string(arena_copy(r->arena, b.data, b.len));
    buf_free(&b);
    return ok;
}

static bool filter_first(struct run *r, const struct value *v, const struct call_args *a,
                         struct value *out)
{
    (void)a;
    struct list *items;
    *out = (struct value){.kind = VALUE_UNDEFINED};
    if (!value_items(r, v, &items))
        return false;
    if (items->count)
        *out = items->items[0];
    return true;
}

static bool filter_last(struct run *r, const struct value *v, const struct call_args *a,
                        struct value *out)
{
    (void)a;
    struct list *items;
    *out = (struct value){.kind = VALUE_UNDEFINED};
    if (!value_items(r, v, &items))
        return false;
    if (items->count)
        *out = items->items[items->count - 1];
    return true;
}

static bool filter_reverse(struct run *r, const struct value *v, const struct call_args *a,
                           struct value *out)
{
    (void)a;
    struct list *items;
    if (!value_items(r, v, &items))
        return false;
    struct value all = value_list(r->arena);
    struct buf text = {0};
    for (size_t i = items->count; i-- > 0;) {
        if (v->kind == VALUE_STRING)
            buf_append(&text, items->items[i].s.data, items->items[i].s.len);
        else
            list_push(r->arena, all.list, items->items[i]);
    }
    *out = v->kind == VALUE_STRING ? value_string(arena_copy(r->arena, text.data, text.len)) : all;
    buf_free(&text);
    return true;
}

static bool filter_items(struct run *r, const struct value *v, const struct call_args *a,
                         struct value *out)
{
    (void)a;
    if (v->kind == VALUE_DICT)
        return method_call(r, v, slice_of("items"), &(struct call_args){0}, out);
    *out = value_list(r->arena);
    return v->kind == VALUE_UNDEFINED || run_error(r, "Can only get item pairs from a mapping.");
}

// ---- map, select, reject -----------------------------------------------------------------------

// The arguments after the first `skip`.
static struct call_args rest_of(const struct call_args *a, size_t skip)
{
    skip = skip < a->count ? skip : a->count;
    return (struct call_args){a->values + skip, a->count - skip, a->names, a->named};
}

static bool filter_map(struct run *r, const struct value *v, const struct call_args *a,
                       struct value *out)
{
    const struct value *path = call_get(a, SIZE_MAX, "attribute"), *name = call_get(a, 0, NULL);
    const struct value *fallback = call_get(a, SIZE_MAX, "default");
    struct list *items;
    if (!value_items(r, v, &items))
        return false;
    if (!path && (!name || name->kind != VALUE_STRING))
        return run_error(r, "map needs the name of a filter, or attribute=");
    *out = value_list(r->arena);
    struct call_args rest = rest_of(a, 1);
    for (size_t i = 0; i < items->count; i++) {
        struct value item;
        if (path ? !follow_or(r, &items->items[i], path, fallback, &item)
                 : !filter_apply(r, name->s, &items->items[i], &rest, &item))
            return false;
        list_push(r->arena, out->list, item);
    }
    return true;
}

// Keeps the items (or, with `by_path`, those whose attribute) that pass a test, or fail it.
static bool choose(struct run *r, const struct value *v, const struct call_args *a, bool by_path,
                   bool keep, struct value *out)
{
    struct list *items;
    if (!value_items(r, v, &items))
        return false;
    const struct value *path = by_path ? call_get(a, 0, NULL) : NULL;
    const struct value *name = call_get(a, by_path, NULL);
    if ((by_path && !path) || (name && name->kind != VALUE_STRING))
        return run_error(r, "select and reject need an attribute or the name of a test");
    struct call_args rest = rest_of(a, by_path + (size_t)1);
    *out = value_list(r->arena);
    for (size_t i = 0; i < items->count; i++) {
        struct value item;
        if (!follow(r, &items->items[i], path, &item))
            return false;
        bool passes = value_truth(&item);
        if (name && !test_apply(r, name->s, &item, &rest, &passes))
            return false;
        if (passes == keep)
            list_push(r->arena, out->list, items->items[i]);
    }
    return true;
}

static bool filter_select(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    return choose(r, v, a, false, true, out);
}

static bool filter_reject(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    return choose(r, v, a, false, false, out);
}

static bool filter_selectattr(struct run *r, const struct value *v, const struct call_args *a,
                              struct value *out)
{
    return choose(r, v, a, true, true, out);
}

static bool filter_rejectattr(struct run *r, const struct value *v, const struct call_args *a,
                              struct value *out)
{
    return choose(r, v, a, true, false, out);
}

// ---- Order -------------------------------------------------------------------------------------

// A text in lower case, unless case counts; other values stay.
static bool fold_case(struct run *r, bool exact, struct value *v)
{
    if (exact || v->kind != VALUE_STRING)
        return true;
    if (!run_spend_on(r, v) || !run_room(r, v->s.len))
        return false;
    *v = text_case(r, v->s, 'l');
    return true;
}

struct keyed {
    struct value key, item;
};

// Stable merge sort of n elements; `spare` has room for as many.
static bool merge_sort(struct run *r, struct keyed *k, size_t n, struct keyed *spare, bool down)
{
    if (n < 2)
        return true;
    size_t half = n / 2;
    if (!merge_sort(r, k, half, spare, down) || !merge_sort(r, k + half, n - half, spare, down))
        return false;
    memcpy(spare, k, n * sizeof *k);
    for (size_t i = 0, left = 0, right = half; i < n; i++) {
        int order = 0;
        if (left < half && right < n &&
            !value_compare(r, &spare[left].key, &spare[right].key, &order))
            return false;
        bool take_left = right == n || (left < half && (down ? order >= 0 : order <= 0));
        k[i] = spare[take_left ? left++ : right++];
    }
    return true;
}

// Sorts items by the value at `path`; texts without regard to case unless `exact`.
static bool sort_items(struct run *r, const struct list *items, const struct value *path,
                       bool exact, bool down, struct value *out)
{
    struct keyed *k = arena_alloc(r->arena, (2 * items->count + 1) * sizeof *k);
    for (size_t i = 0; i < items->count; i++) {
        k[i].item = items->items[i];
        if (!follow(r, &k[i].item, path, &k[i].key))
            return false;
        if (!fold_case(r, exact, &k[i].key))
            return false;
    }
    if (!merge_sort(r, k, items->count, k + items->count, down))
        return false;
    *out = value_list(r->arena);
    for (size_t i = 0; i < items->count; i++)
        list_push(r->arena, out->list, k[i].item);
    return true;
}

static bool filter_sort(struct run *r, const struct value *v, const struct call_args *a,
                        struct value *out)
{
    struct list *items;
    return value_items(r, v, &items) &&
           sort_items(r, items, call_get(a, 2, "attribute"), call_flag(a, 1, "case_sensitive"),
                      call_flag(a, 0, "reverse"), out);
}

static bool filter_dictsort(struct run *r, const struct value *v, const struct call_args *a,
                            struct value *out)
{
    struct value pairs;
    struct slice by;
    if (v->kind != VALUE_DICT)
        return run_error(r, "dictsort needs a dict, not %s", value_type_name(v));
    if (!call_text(r, a, 1, "by", "key", &by) || !filter_items(r, v, a, &pairs))
        return false;
    struct value path = value_int(slice_is(by, "value"));
    return sort_items(r, pairs.list, &path, call_flag(a, 0, "case_sensitive"),
                      call_flag(a, 2, "reverse"), out);
}

static bool filter_unique(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    struct list *items;
    if (!value_items(r, v, &items))
        return false;
    struct value seen = value_dict(r->arena);
    *out = value_list(r->arena);
    for (size_t i = 0; i < items->count; i++) {
        struct value key;
        if (!follow(r, &items->items[i], call_get(a, 1, "attribute"), &key))
            return false;
        if (!fold_case(r, call_flag(a, 0, "case_sensitive"), &key))
            return false;
        if (!value_hashable(r, &key))
            return false;
        if (!run_spend(r, seen.dict->count >> 4)) // the look-up walks
            return false;
        if (dict_get(seen.dict, key))
            continue;
        dict_set(r->arena, seen.dict, key, value_none());
        list_push(r->arena, out->list, items->items[i]);
    }
    return true;
}

static bool extreme(struct run *r, const struct value *v, const struct call_args *a, bool last,
                    struct value *out)
{
    struct list *items;
    *out = (struct value){.kind = VALUE_UNDEFINED};
    if (!value_items(r, v, &items))
        return false;
    struct value best = *out;
    for (size_t i = 0; i < items->count; i++) {
        struct value key;
        int order = 0;
        if (!follow(r, &items->items[i], call_get(a, 1, "attribute"), &key))
            return false;
        if (!fold_case(r, call_flag(a, 0, "case_sensitive"), &key))
            return false;
        if (i > 0 && !value_compare(r, &key, &best, &order))
            return false;
        if (i == 0 || (last ? order > 0 : order < 0)) {
            best = key;
            *out = items->items[i];
        }
    }
    return true;
}

static bool filter_min(struct run *r, const struct value *v, const struct call_args *a,
                       struct value *out)
{
    return extreme(r, v, a, false, out);
}

static bool filter_max(struct run *r, const struct value *v, const struct call_args *a,
                       struct value *out)
{
    return extreme(r, v, a, true, out);
}

static bool filter_sum(struct run *r, const struct value *v, const struct call_args *a,
                       struct value *out)
{
    struct list *items;
    const struct value *start = call_get(a, 1, "start");
    *out = start ? *start : value_int(0);
    if (!value_items(r, v, &items))
        return false;
    for (size_t i = 0; i < items->count; i++) {
        struct value part, sum = *out;
        if (!follow(r, &items->items[i], call_get(a, 0, "attribute"), &part) ||
            !value_operate(r, slice_of("+"), &sum, &part, out))
            return false;
    }
    return true;
}

const struct filter list_filters[] = {
    {"list", filter_list},
    {"join", filter_join},
    {"first", filter_first},
    {"last", filter_last},
    {"reverse", filter_reverse},
    {"items", filter_items},
    {"map", filter_map},
    {"select", filter_select},
    {"reject", filter_reject},
    {"selectattr", filter_selectattr},
    {"rejectattr", filter_rejectattr},
    {"sort", filter_sort},
    {"dictsort", filter_dictsort},
    {"unique", filter_unique},
    {"min", filter_min},
    {"max", filter_max},
    {"sum", filter_sum},
    {NULL, NULL},
};
