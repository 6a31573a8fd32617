// SPDX-License-Identifier: Apache-2.0
// Binary operators, attributes, items and slices.
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/jinja.h"

// ---- Arithmetic --------------------------------------------------------------------------------

static bool overflow(struct run *r)
{
    return run_error(r, "an integer beyond 64 bits");
}

static bool zero(struct run *r)
{
    return run_error(r, "division by zero");
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a % b < 0) != (b < 0));
}

// With the sign of b; b is neither 0 nor -1.
static int64_t floor_rest(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static bool power(struct run *r, int64_t a, int64_t b, struct value *out)
{
    if (b < 0) {
        if (a == 0)
            return zero(r);
        *out = value_float(pow((double)a, (double)b));
        return true;
    }
    int64_t result = 1;
    for (; b > 0; b >>= 1) {
        if ((b & 1) && __builtin_mul_overflow(result, a, &result))
            return overflow(r);
        if (b > 1 && __builtin_mul_overflow(a, a, &a))
            return overflow(r);
    }
    *out = value_int(result);
    return true;
}

static bool operate_ints(struct run *r, struct slice op, int64_t a, int64_t b, struct value *out)
{
    int64_t i = 0;
    if (slice_is(op, "**"))
        return power(r, a, b, out);
    if ((op.data[0] == '/' || op.data[0] == '%') && b == 0)
        return zero(r);
    if (slice_is(op, "/")) {
        *out = value_float((double)a / (double)b);
        return true;
    }
    bool over = false;
    if (op.data[0] == '+')
        over = __builtin_add_overflow(a, b, &i);
    else if (op.data[0] == '-')
        over = __builtin_sub_overflow(a, b, &i);
    else if (op.data[0] == '*')
        over = __builtin_mul_overflow(a, b, &i);
    else if (b == -1) // INT64_MIN has no opposite
        over = op.data[0] == '/' && __builtin_sub_overflow((int64_t)0, a, &i);
    else if (op.data[0] == '/')
        i = floor_div(a, b);
    else
        i = floor_rest(a, b);
    *out = value_int(i);
    return !over || overflow(r);
}

static bool operate_floats(struct run *r, struct slice op, double a, double b, struct value *out)
{
    double f;
    if ((op.data[0] == '/' || op.data[0] == '%') && b == 0)
        return zero(r);
    if (slice_is(op, "**")) {
        f = pow(a, b);
    } else if (slice_is(op, "/")) {
        f = a / b;
    } else if (op.data[0] == '/' || op.data[0] == '%') {
        double rest = fmod(a, b);
        if (rest != 0 && (rest < 0) != (b < 0))
            rest += b;
        else if (rest == 0)
            rest = copysign(0, b);
        double whole = (a - rest) / b, down = floor(whole);
        if (whole - down > 0.5)
            down += 1;
        f = op.data[0] == '%' ? rest : whole == 0 ? copysign(0, a / b) : down;
    } else {
        f = op.data[0] == '+' ? a + b : op.data[0] == '-' ? a - b : a * b;
    }
    *out = value_float(f);
    return true;
}

// ---- Sequences ---------------------------------------------------------------------------------

static bool join_two(struct run *r, const struct value *a, const struct value *b, struct value *out)
{
    if (a->kind == VALUE_STRING) {
        struct buf text = {0};
        bool ok = value_str(r, a, &text) && value_str(r, b, &text);
        *out = value_string(arena_copy(r->arena, text.data, text.len));
        buf_free(&text);
        return ok;
    }
    struct value all = value_list(r->arena);
    size_t count = a->list->count + b->list->count;
    if (!run_room(r, count * sizeof *all.list->items))
        return false;
    list_reserve(r->arena, all.list, count);
    all.list->tuple = a->list->tuple;
    for (size_t i = 0; i < a->list->count; i++)
        list_push(r->arena, all.list, a->list->items[i]);
    for (size_t i = 0; i < b->list->count; i++)
        list_push(r->arena, all.list, b->list->items[i]);
    *out = all;
    return true;
}

static bool repeat(struct run *r, const struct value *v, int64_t times, struct value *out)
{
    size_t size = v->kind == VALUE_STRING ? v->s.len : v->list->count * sizeof(struct value);
    if (times < 0)
        times = 0;
    if (size && (uint64_t)times > JINJA_MAX_TEXT / size)
        return run_error(r, "a repetition of more than %u bytes", JINJA_MAX_TEXT);
    if (v->kind == VALUE_STRING) {
        char *text = arena_alloc(r->arena, size * (size_t)times + 1);
        for (int64_t i = 0; size && i < times; i++)
            memcpy(text + (size_t)i * size, v->s.data, size);
        *out = value_string((struct slice){text, size * (size_t)times});
        return true;
    }
    struct value all = value_list(r->arena);
    all.list->tuple = v->list->tuple;
    for (int64_t i = 0; size && i < times; i++) {
        for (size_t k = 0; k < v->list->count; k++)
            list_push(r->arena, all.list, v->list->items[k]);
    }
    *out = all;
    return true;
}

static bool is_sequence(const struct value *v)
{
    return v->kind == VALUE_STRING || v->kind == VALUE_LIST;
}

static bool is_whole(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_BOOL;
}

static int64_t whole(const struct value *v)
{
    return v->kind == VALUE_BOOL ? v->b : v->i;
}

bool value_operate(struct run *r, struct slice op, const struct value *a, const struct value *b,
                   struct value *out)
{
    const struct value *undefined = a->kind == VALUE_UNDEFINED ? a : b;
    if (undefined->kind == VALUE_UNDEFINED)
        return run_error(r, "'%.*s' is undefined",
                         (int)(undefined->s.len < 80 ? undefined->s.len : 80),
                         undefined->s.data ? undefined->s.data : "");
    if (is_whole(a) && is_whole(b))
        return operate_ints(r, op, whole(a), whole(b), out);
    if (value_is_number(a) && value_is_number(b))
        return operate_floats(r, op, value_number(a), value_number(b), out);
    bool same = a->kind == b->kind && (a->kind == VALUE_STRING ||
                                       (a->kind == VALUE_LIST && a->list->tuple == b->list->tuple));
    if (slice_is(op, "+") && same)
        return join_two(r, a, b, out);
    if (slice_is(op, "*") && is_sequence(a) && is_whole(b))
        return repeat(r, a, whole(b), out);
    if (slice_is(op, "*") && is_whole(a) && is_sequence(b))
        return repeat(r, b, whole(a), out);
    return run_error(r, "unsupported operand types for %.*s: '%s' and '%s'", (int)op.len, op.data,
                     value_type_name(a), value_type_name(b));
}

// ---- Attributes and items ----------------------------------------------------------------------

static bool loop_attribute(struct run *r, const struct loop *l, struct slice name,
                           struct value *out)
{
    int64_t i = (int64_t)l->index, n = (int64_t)l->items->count;
    const struct {
        const char *name;
        struct value value;
    } attributes[] = {
        {"index", value_int(i + 1)},
        {"index0", value_int(i)},
        {"revindex", value_int(n - i)},
        {"revindex0", value_int(n - i - 1)},
        {"first", value_bool(i == 0)},
        {"last", value_bool(i == n - 1)},
        {"length", value_int(n)},
        {"depth", value_int(l->depth)},
        {"depth0", value_int(l->depth - 1)},
    };
    for (size_t k = 0; k < sizeof attributes / sizeof attributes[0]; k++) {
        if (slice_is(name, attributes[k].name)) {
            *out = attributes[k].value;
            return true;
        }
    }
    if (slice_is(name, "previtem") && i > 0)
        *out = l->items->items[i - 1];
    else if (slice_is(name, "nextitem") && i + 1 < n)
        *out = l->items->items[i + 1];
    (void)r;
    return true;
}

static struct value bound(struct run *r, const struct value *self, struct slice name)
{
    struct method *m = arena_alloc(r->arena, sizeof *m);
    *m = (struct method){*self, name};
    return (struct value){.kind = VALUE_METHOD, .method = m};
}

static bool undefined_object(struct run *r, const struct value *v, struct slice name)
{
    return run_error(r, "'%.*s' is undefined, so it has no '%.*s'",
                     (int)(v->s.len < 80 ? v->s.len : 80), v->s.data ? v->s.data : "",
                     (int)(name.len < 80 ? name.len : 80), name.data);
}

bool value_attribute(struct run *r, const struct value *v, struct slice name, struct value *out)
{
    struct value self = *v; // `out` may be the same value
    *out = (struct value){.kind = VALUE_UNDEFINED, .s = name};
    if (self.kind == VALUE_UNDEFINED)
        return undefined_object(r, &self, name);
    if (self.kind == VALUE_LOOP && !method_exists(&self, name))
        return loop_attribute(r, self.loop, name, out);
    if (method_exists(&self, name)) {
        *out = bound(r, &self, name);
        return true;
    }
    if (self.kind == VALUE_DICT || self.kind == VALUE_NAMESPACE) {
        const struct value *found = dict_get(self.dict, value_string(name));
        r->steps += (long)(self.dict->count >> 4); // the look-up walks
        if (found)
            *out = *found;
    }
    return true;
}

static struct value character(struct slice s, int64_t index)
{
    uint32_t code;
    size_t at = 0;
    while (index-- > 0)
        at += utf8_read(s, at, &code);
    return value_string((struct slice){s.data + at, utf8_read(s, at, &code)});
}

bool value_item(struct run *r, const struct value *v, const struct value *key, struct value *out)
{
    struct slice name = key->kind == VALUE_STRING ? key->s : slice_of("item");
    *out = (struct value){.kind = VALUE_UNDEFINED, .s = name};
    if (v->kind == VALUE_UNDEFINED)
        return undefined_object(r, v, name);
    if (v->kind == VALUE_DICT) {
        const struct value *found = value_is_key(key) ? dict_get(v->dict, *key) : NULL;
        r->steps += (long)(v->dict->count >> 4); // the look-up walks
        if (found) {
            *out = *found;
            return true;
        }
    }
    if ((v->kind == VALUE_LIST || v->kind == VALUE_STRING) && is_whole(key)) {
        bool text = v->kind == VALUE_STRING;
        int64_t n = (int64_t)(text ? text_length(v->s) : v->list->count), i = whole(key);
        if (i < 0)
            i += n;
        if (i >= 0 && i < n)
            *out = text ? character(v->s, i) : v->list->items[i];
        return !text || run_spend_on(r, v);
    }
    return key->kind != VALUE_STRING || value_attribute(r, v, key->s, out);
}

// Python's slice.indices for one bound.
static int64_t clamp(const struct value *v, int64_t n, int64_t step, int64_t fallback)
{
    if (v->kind == VALUE_NONE)
        return fallback;
    int64_t i = whole(v), low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    if (i < 0)
        i = i < -n ? -1 : i + n;
    return i < low ? low : i > high ? high : i;
}

bool value_slice(struct run *r, const struct value *v, const struct value part[3],
                 struct value *out)
{
    if (v->kind != VALUE_LIST && v->kind != VALUE_STRING)
        return v->kind == VALUE_UNDEFINED
                   ? undefined_object(r, v, slice_of("slice"))
                   : run_error(r, "'%s' object cannot be sliced", value_type_name(v));
    for (int i = 0; i < 3; i++) {
        if (part[i].kind != VALUE_NONE && !is_whole(&part[i]))
            return run_error(r, "slice indices must be integers or None");
    }
    int64_t step = part[2].kind == VALUE_NONE ? 1 : whole(&part[2]);
    if (step == 0)
        return run_error(r, "slice step cannot be zero");
    struct list *items;
    if (!value_items(r, v, &items))
        return false;
    int64_t n = (int64_t)items->count;
    int64_t start = clamp(&part[0], n, step, step < 0 ? n - 1 : 0);
    int64_t stop = clamp(&part[1], n, step, step < 0 ? -1 : n);
    struct value all = value_list(r->arena);
    struct buf text = {0};
    for (int64_t i = start; step < 0 ? i > stop : i < stop;) {
        if (v->kind == VALUE_STRING)
            buf_append(&text, items->items[i].s.data, items->items[i].s.len);
        else
            list_push(r->arena, all.list, items->items[i]);
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    if (v->kind == VALUE_STRING) {
        *out = value_string(arena_copy(r->arena, text.data, text.len));
    } else {
        all.list->tuple = v->list->tuple;
        *out = all;
    }
    buf_free(&text);
    return true;
}
