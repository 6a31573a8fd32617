// SPDX-License-Identifier: Apache-2.0
// Methods of Python's str, dict and list that Jinja's sandbox lets templates call, and those of
// loop. Methods that change an object are not among them.
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/filters.h"
#include "tokenizer/unicode.h"

// What a method is called on, and with what.
struct call {
    struct run *r;
    const struct value *self;
    const struct call_args *args;
    struct value *out;
};

static struct value copied(const struct call *c, const char *data, size_t len)
{
    return value_string(arena_copy(c->r->arena, data, len));
}

// Argument `index` as a text that must be one.
static bool text_arg(const struct call *c, size_t index, struct slice *out)
{
    const struct value *v = call_get(c->args, index, NULL);
    if (!v || v->kind != VALUE_STRING)
        return run_error(c->r, "a method of str needs a str argument, not %s",
                         v ? value_type_name(v) : "nothing");
    *out = v->s;
    return true;
}

// ---- str ---------------------------------------------------------------------------------------

static bool strip_sides(const struct call *c, bool left, bool right)
{
    const struct value *chars = call_get(c->args, 0, "chars");
    struct slice set;
    const char *text = NULL;
    if (chars && chars->kind != VALUE_NONE) {
        if (!text_arg(c, 0, &set))
            return false;
        if (!run_spend_search(c->r, c->self->s, set))
            return false;
        text = arena_copy(c->r->arena, set.data, set.len).data;
    }
    *c->out = value_string(text_strip(c->self->s, text, left, right));
    return true;
}

static bool str_strip(const struct call *c)
{
    return strip_sides(c, true, true);
}

static bool str_lstrip(const struct call *c)
{
    return strip_sides(c, true, false);
}

static bool str_rstrip(const struct call *c)
{
    return strip_sides(c, false, true);
}

static bool str_upper(const struct call *c)
{
    *c->out = text_case(c->r, c->self->s, 'u');
    return true;
}

static bool str_lower(const struct call *c)
{
    *c->out = text_case(c->r, c->self->s, 'l');
    return true;
}

static bool str_capitalize(const struct call *c)
{
    *c->out = text_case(c->r, c->self->s, 'c');
    return true;
}

static bool str_title(const struct call *c)
{
    *c->out = text_case(c->r, c->self->s, 't');
    return true;
}

static bool push_part(const struct call *c, struct list *l, size_t from, size_t to)
{
    list_push(c->r->arena, l, value_string((struct slice){c->self->s.data + from, to - from}));
    return run_room(c->r, 0);
}

// The next run of white space at or after `at`: its start, and its length in *len.
static size_t find_space(struct slice s, size_t at, size_t *len)
{
    uint32_t code;
    size_t n, start = s.len;
    for (; at < s.len; at += n) {
        n = utf8_read(s, at, &code);
        if (text_is_space(code) && start == s.len)
            start = at;
        else if (!text_is_space(code) && start != s.len)
            break;
    }
    *len = at - start;
    return start;
}

static bool split_space(const struct call *c, int64_t limit, struct list *parts)
{
    struct slice s = text_strip(c->self->s, NULL, true, limit < 0);
    size_t base = (size_t)(s.data - c->self->s.data), at = 0;
    while (at < s.len) {
        size_t len, end = limit == 0 ? s.len : find_space(s, at, &len);
        if (limit == 0)
            return push_part(c, parts, base + at, base + s.len);
        if (!push_part(c, parts, base + at, base + end))
            return false;
        at = end + len;
        limit -= limit > 0;
    }
    return true;
}

static bool str_split(const struct call *c)
{
    const struct value *given = call_get(c->args, 0, "sep");
    struct slice s = c->self->s, by = {0};
    int64_t limit;
    if (!call_int(c->r, c->args, 1, "maxsplit", -1, &limit))
        return false;
    *c->out = value_list(c->r->arena);
    struct list *parts = c->out->list;
    if (!given || given->kind == VALUE_NONE) {
        return split_space(c, limit, parts);
    }
    if (given->kind != VALUE_STRING || !(by = given->s).len)
        return run_error(c->r, "split needs a separator that is not empty");
    if (!run_spend_search(c->r, s, by))
        return false;
    size_t done = 0, at;
    while (limit != 0 && (at = text_find(s, by, done)) != SIZE_MAX) {
        if (!push_part(c, parts, done, at))
            return false;
        done = at + by.len;
        limit -= limit > 0;
    }
    return push_part(c, parts, done, s.len);
}

// The last place of `part` that ends at or before `end`, or SIZE_MAX.
static size_t find_last(struct slice s, struct slice part, size_t end)
{
    for (size_t at = end + 1; at-- > part.len;) {
        if (!memcmp(s.data + at - part.len, part.data, part.len))
            return at - part.len;
    }
    return SIZE_MAX;
}

static bool str_rsplit(const struct call *c)
{
    const struct value *given = call_get(c->args, 0, "sep");
    int64_t limit;
    if (!call_int(c->r, c->args, 1, "maxsplit", -1, &limit))
        return false;
    if (limit < 0)
        return str_split(c);
    if (!given || given->kind != VALUE_STRING || !given->s.len)
        return run_error(c->r, "rsplit with a limit needs a separator");
    if (!run_spend_search(c->r, c->self->s, given->s))
        return false;
    struct slice s = c->self->s;
    struct value back = value_list(c->r->arena);
    size_t end = s.len, at;
    while (limit-- > 0 && (at = find_last(s, given->s, end)) != SIZE_MAX) {
        if (!push_part(c, back.list, at + given->s.len, end))
            return false;
        end = at;
    }
    if (!push_part(c, back.list, 0, end))
        return false;
    *c->out = value_list(c->r->arena);
    for (size_t i = back.list->count; i-- > 0;)
        list_push(c->r->arena, c->out->list, back.list->items[i]);
    return true;
}

// Line ends of str.splitlines other than "\r\n".
static bool ends_line(uint32_t code)
{
    return (code >= '\n' && code <= '\r') || (code >= 0x1c && code <= 0x1e) || code == 0x85 ||
           code == 0x2028 || code == 0x2029;
}

static bool str_splitlines(const struct call *c)
{
    struct slice s = c->self->s;
    bool keep = call_flag(c->args, 0, "keepends");
    *c->out = value_list(c->r->arena);
    size_t from = 0;
    for (size_t i = 0, n; i < s.len; i += n) {
        uint32_t code;
        n = utf8_read(s, i, &code);
        if (!ends_line(code))
            continue;
        if (code == '\r' && i + 1 < s.len && s.data[i + 1] == '\n')
            n = 2;
        if (!push_part(c, c->out->list, from, keep ? i + n : i))
            return false;
        from = i + n;
    }
    return from == s.len || push_part(c, c->out->list, from, s.len);
}

// Whether the text begins (or ends) with the argument, or with one of a tuple.
static bool affix(const struct call *c, bool end)
{
    const struct value *given = call_get(c->args, 0, NULL);
    struct value one = value_list(c->r->arena);
    if (given && given->kind == VALUE_STRING)
        list_push(c->r->arena, one.list, *given);
    else if (given && given->kind == VALUE_LIST && given->list->tuple)
        one = *given;
    else
        return run_error(c->r, "startswith and endswith need a str or a tuple of str");
    *c->out = value_bool(false);
    for (size_t i = 0; i < one.list->count; i++) {
        struct slice s = c->self->s, part = one.list->items[i].s;
        if (one.list->items[i].kind != VALUE_STRING)
            return run_error(c->r, "startswith and endswith need str");
        if (part.len <= s.len &&
            (!part.len || !memcmp(s.data + (end ? s.len - part.len : 0), part.data, part.len)))
            *c->out = value_bool(true);
    }
    return true;
}

static bool str_startswith(const struct call *c)
{
    return affix(c, false);
}

static bool str_endswith(const struct call *c)
{
    return affix(c, true);
}

static bool str_removeprefix(const struct call *c)
{
    struct slice part, s = c->self->s;
    if (!text_arg(c, 0, &part) || !affix(c, false))
        return false;
    size_t skip = c->out->b ? part.len : 0;
    *c->out = value_string((struct slice){s.data + skip, s.len - skip});
    return true;
}

static bool str_removesuffix(const struct call *c)
{
    struct slice part, s = c->self->s;
    if (!text_arg(c, 0, &part) || !affix(c, true))
        return false;
    *c->out = value_string((struct slice){s.data, s.len - (c->out->b ? part.len : 0)});
    return true;
}

static bool str_replace(const struct call *c)
{
    struct slice old, with;
    int64_t count;
    return text_arg(c, 0, &old) && text_arg(c, 1, &with) &&
           call_int(c->r, c->args, 2, "count", -1, &count) &&
           text_replace(c->r, c->self->s, old, with, count, c->out);
}

static bool found_at(const struct call *c, size_t at)
{
    struct slice before = {c->self->s.data, at == SIZE_MAX ? 0 : at};
    *c->out = value_int(at == SIZE_MAX ? -1 : (int64_t)text_length(before));
    return true;
}

static bool str_find(const struct call *c)
{
    struct slice part;
    return text_arg(c, 0, &part) && run_spend_search(c->r, c->self->s, part) &&
           found_at(c, text_find(c->self->s, part, 0));
}

static bool str_rfind(const struct call *c)
{
    struct slice part;
    return text_arg(c, 0, &part) && run_spend_search(c->r, c->self->s, part) &&
           found_at(c, find_last(c->self->s, part, c->self->s.len));
}

static bool str_index(const struct call *c)
{
    return str_find(c) && (c->out->i >= 0 || run_error(c->r, "substring not found"));
}

static bool str_count(const struct call *c)
{
    struct slice part;
    if (!text_arg(c, 0, &part) || !run_spend_search(c->r, c->self->s, part))
        return false;
    int64_t n = part.len ? 0 : (int64_t)text_length(c->self->s) + 1;
    for (size_t at = 0; part.len && (at = text_find(c->self->s, part, at)) != SIZE_MAX;)
        n++, at += part.len;
    *c->out = value_int(n);
    return true;
}

static bool str_join(const struct call *c)
{
    const struct value *given = call_get(c->args, 0, NULL);
    struct list *items;
    struct buf b = {0};
    if (!given || !value_items(c->r, given, &items))
        return run_error(c->r, "join needs something to iterate");
    bool ok = true;
    for (size_t i = 0; ok && i < items->count; i++) {
        const struct value *item = &items->items[i];
        ok = item->kind == VALUE_STRING
                 ? (i == 0 || run_put(c->r, &b, c->self->s.data, c->self->s.len)) &&
                       run_put(c->r, &b, item->s.data, item->s.len)
                 : run_error(c->r, "sequence item %zu: expected str instance, %s found", i,
                             value_type_name(item));
    }
    *c->out = copied(c, b.data, b.len);
    buf_free(&b);
    return ok;
}

// Whether there are characters and all have the category.
static bool all_are(const struct call *c, bool (*is)(uint32_t code))
{
    struct slice s = c->self->s;
    bool all = s.len > 0;
    for (size_t i = 0, n; i < s.len; i += n) {
        uint32_t code;
        n = utf8_read(s, i, &code);
        all = all && is(code);
    }
    *c->out = value_bool(all);
    return true;
}

static bool is_letter(uint32_t code)
{
    enum unicode_category k = unicode_category(code);
    return k >= UNICODE_LU && k <= UNICODE_LO;
}

static bool is_ascii_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static bool str_isdigit(const struct call *c)
{
    return all_are(c, is_ascii_digit);
}

static bool str_isalpha(const struct call *c)
{
    return all_are(c, is_letter);
}

static bool str_isspace(const struct call *c)
{
    return all_are(c, text_is_space);
}

static bool str_isupper(const struct call *c)
{
    *c->out = value_bool(false);
    return test_apply(c->r, slice_of("upper"), c->self, c->args, &c->out->b);
}

static bool str_islower(const struct call *c)
{
    *c->out = value_bool(false);
    return test_apply(c->r, slice_of("lower"), c->self, c->args, &c->out->b);
}

// ---- dict, list, loop --------------------------------------------------------------------------

static bool dict_method_get(const struct call *c)
{
    const struct value *key = call_get(c->args, 0, NULL), *fallback = call_get(c->args, 1, NULL);
    if (!key)
        return run_error(c->r, "get needs a key");
    if (!value_hashable(c->r, key))
        return false;
    const struct value *found = dict_get(c->self->dict, *key);
    *c->out = found ? *found : fallback ? *fallback : value_none();
    return true;
}

// Keys, values or pairs.
static bool dict_walk(const struct call *c, bool keys, bool values)
{
    struct arena *a = c->r->arena;
    const struct dict *d = c->self->dict;
    *c->out = value_list(a);
    for (size_t i = 0; i < d->count; i++) {
        struct value pair = value_list(a);
        pair.list->tuple = true;
        if (keys && values) {
            list_push(a, pair.list, d->pairs[i].key);
            list_push(a, pair.list, d->pairs[i].value);
        }
        list_push(a, c->out->list, !values ? d->pairs[i].key : !keys ? d->pairs[i].value : pair);
    }
    return true;
}

static bool dict_items(const struct call *c)
{
    return dict_walk(c, true, true);
}

static bool dict_keys(const struct call *c)
{
    return dict_walk(c, true, false);
}

static bool dict_values(const struct call *c)
{
    return dict_walk(c, false, true);
}

static bool list_count(const struct call *c)
{
    const struct value *one = call_get(c->args, 0, NULL);
    int64_t n = 0;
    for (size_t i = 0; one && i < c->self->list->count; i++) {
        bool equal;
        if (!value_equal(c->r, &c->self->list->items[i], one, &equal))
            return false;
        n += equal;
    }
    *c->out = value_int(n);
    return true;
}

static bool list_index(const struct call *c)
{
    const struct value *one = call_get(c->args, 0, NULL);
    for (size_t i = 0; one && i < c->self->list->count; i++) {
        bool equal;
        if (!value_equal(c->r, &c->self->list->items[i], one, &equal))
            return false;
        if (equal) {
            *c->out = value_int((int64_t)i);
            return true;
        }
    }
    return run_error(c->r, "the value is not in the list");
}

static bool loop_cycle(const struct call *c)
{
    if (!c->args->count)
        return run_error(c->r, "cycle needs something to cycle through");
    *c->out = c->args->values[c->self->loop->index % c->args->count];
    return true;
}

static bool loop_changed(const struct call *c)
{
    struct value now = value_list(c->r->arena);
    struct loop *l = c->self->loop;
    for (size_t i = 0; i < c->args->count; i++)
        list_push(c->r->arena, now.list, c->args->values[i]);
    bool equal;
    if (!value_equal(c->r, &now, &l->last_changed, &equal))
        return false;
    *c->out = value_bool(!equal);
    l->last_changed = now;
    return true;
}

// ---- The table ---------------------------------------------------------------------------------

static const struct {
    enum value_kind kind;
    const char *name;
    bool (*call)(const struct call *c);
} methods[] = {
    {VALUE_STRING, "strip", str_strip},
    {VALUE_STRING, "lstrip", str_lstrip},
    {VALUE_STRING, "rstrip", str_rstrip},
    {VALUE_STRING, "upper", str_upper},
    {VALUE_STRING, "lower", str_lower},
    {VALUE_STRING, "capitalize", str_capitalize},
    {VALUE_STRING, "title", str_title},
    {VALUE_STRING, "split", str_split},
    {VALUE_STRING, "rsplit", str_rsplit},
    {VALUE_STRING, "splitlines", str_splitlines},
    {VALUE_STRING, "startswith", str_startswith},
    {VALUE_STRING, "endswith", str_endswith},
    {VALUE_STRING, "removeprefix", str_removeprefix},
    {VALUE_STRING, "removesuffix", str_removesuffix},
    {VALUE_STRING, "replace", str_replace},
    {VALUE_STRING, "find", str_find},
    {VALUE_STRING, "rfind", str_rfind},
    {VALUE_STRING, "index", str_index},
    {VALUE_STRING, "count", str_count},
    {VALUE_STRING, "join", str_join},
    {VALUE_STRING, "isdigit", str_isdigit},
    {VALUE_STRING, "isalpha", str_isalpha},
    {VALUE_STRING, "isspace", str_isspace},
    {VALUE_STRING, "isupper", str_isupper},
    {VALUE_STRING, "islower", str_islower},
    {VALUE_DICT, "get", dict_method_get},
    {VALUE_DICT, "items", dict_items},
    {VALUE_DICT, "keys", dict_keys},
    {VALUE_DICT, "values", dict_values},
    {VALUE_LIST, "count", list_count},
    {VALUE_LIST, "index", list_index},
    {VALUE_LOOP, "cycle", loop_cycle},
    {VALUE_LOOP, "changed", loop_changed},
};

static size_t find_method(const struct value *self, struct slice name)
{
    size_t i = 0, n = sizeof methods / sizeof methods[0];
    while (i < n && (methods[i].kind != self->kind || !slice_is(name, methods[i].name)))
        i++;
    return i < n ? i : SIZE_MAX;
}

bool method_exists(const struct value *self, struct slice name)
{
    return find_method(self, name) != SIZE_MAX;
}

bool method_call(struct run *r, const struct value *self, struct slice name,
                 const struct call_args *a, struct value *out)
{
    struct value copy = *self; // `out` may be the same value
    if (!run_spend_on(r, self) || !run_room(r, 0))
        return false;
    return methods[find_method(self, name)].call(&(struct call){r, &copy, a, out});
}
