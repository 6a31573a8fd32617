// SPDX-License-Identifier: Apache-2.0
// Tests: what may follow "is".
#include <string.h>

#include "chat/jinja.h"

struct query {
    struct run *r;
    const struct value *v, *with; // with: the argument, or NULL
    bool *out;
};

static bool of_kind(const struct query *q, enum value_kind kind)
{
    *q->out = q->v->kind == kind;
    return true;
}

static bool is_defined(const struct query *q)
{
    *q->out = q->v->kind != VALUE_UNDEFINED;
    return true;
}

static bool is_undefined(const struct query *q)
{
    return of_kind(q, VALUE_UNDEFINED);
}

static bool is_none(const struct query *q)
{
    return of_kind(q, VALUE_NONE);
}

static bool is_string(const struct query *q)
{
    return of_kind(q, VALUE_STRING);
}

static bool is_mapping(const struct query *q)
{
    return of_kind(q, VALUE_DICT);
}

static bool is_boolean(const struct query *q)
{
    return of_kind(q, VALUE_BOOL);
}

static bool is_integer(const struct query *q)
{
    return of_kind(q, VALUE_INT);
}

static bool is_float(const struct query *q)
{
    return of_kind(q, VALUE_FLOAT);
}

static bool is_number(const struct query *q)
{
    *q->out = value_is_number(q->v);
    return true;
}

static bool is_true(const struct query *q)
{
    *q->out = q->v->kind == VALUE_BOOL && q->v->b;
    return true;
}

static bool is_false(const struct query *q)
{
    *q->out = q->v->kind == VALUE_BOOL && !q->v->b;
    return true;
}

static bool is_iterable(const struct query *q)
{
    enum value_kind k = q->v->kind;
    *q->out = k == VALUE_UNDEFINED || k == VALUE_STRING || k == VALUE_LIST || k == VALUE_DICT ||
              k == VALUE_LOOP;
    return true;
}

// What has len() and items: in Python that takes in dicts and undefined values.
static bool is_sequence(const struct query *q)
{
    enum value_kind k = q->v->kind;
    *q->out = k == VALUE_UNDEFINED || k == VALUE_STRING || k == VALUE_LIST || k == VALUE_DICT;
    return true;
}

static bool is_callable(const struct query *q)
{
    enum value_kind k = q->v->kind;
    *q->out = k == VALUE_FUNCTION || k == VALUE_MACRO || k == VALUE_METHOD || k == VALUE_UNDEFINED;
    return true;
}

static bool case_is(const struct query *q, bool upper)
{
    struct slice s;
    bool letters = false, ok = true;
    if (!value_to_slice(q->r, q->v, &s))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        bool up = s.data[i] >= 'A' && s.data[i] <= 'Z', low = s.data[i] >= 'a' && s.data[i] <= 'z';
        letters = letters || up || low;
        ok = ok && !(upper ? low : up);
    }
    *q->out = letters && ok;
    return true;
}

static bool is_upper(const struct query *q)
{
    return case_is(q, true);
}

static bool is_lower(const struct query *q)
{
    return case_is(q, false);
}

// v % by == rest
static bool remainder_is(const struct query *q, const struct value *by, int64_t rest)
{
    struct value result, want = value_int(rest);
    if (!value_operate(q->r, slice_of("%"), q->v, by, &result))
        return false;
    return value_equal(q->r, &result, &want, q->out);
}

static bool is_odd(const struct query *q)
{
    struct value two = value_int(2);
    return remainder_is(q, &two, 1);
}

static bool is_even(const struct query *q)
{
    struct value two = value_int(2);
    return remainder_is(q, &two, 0);
}

static bool is_divisible(const struct query *q)
{
    return remainder_is(q, q->with, 0);
}

static bool is_equal(const struct query *q)
{
    return value_equal(q->r, q->v, q->with, q->out);
}

static bool is_unequal(const struct query *q)
{
    bool ok = value_equal(q->r, q->v, q->with, q->out);
    *q->out = !*q->out;
    return ok;
}

static bool is_same(const struct query *q)
{
    *q->out = false;
    return q->v->kind != q->with->kind || value_equal(q->r, q->v, q->with, q->out);
}

static bool is_in(const struct query *q)
{
    return value_contains(q->r, q->with, q->v, q->out);
}

static bool compare(const struct query *q, int low, int high)
{
    int order;
    if (!value_compare(q->r, q->v, q->with, &order))
        return false;
    order = (order > 0) - (order < 0);
    *q->out = order >= low && order <= high;
    return true;
}

static bool is_less(const struct query *q)
{
    return compare(q, -1, -1);
}

static bool is_at_most(const struct query *q)
{
    return compare(q, -1, 0);
}

static bool is_greater(const struct query *q)
{
    return compare(q, 1, 1);
}

static bool is_at_least(const struct query *q)
{
    return compare(q, 0, 1);
}

static bool is_test(const struct query *q)
{
    *q->out = q->v->kind == VALUE_STRING && test_exists(q->v->s);
    return true;
}

static const struct {
    const char *name;
    bool (*ask)(const struct query *q);
    bool argument;
} tests[] = {
    {"defined", is_defined, false},
    {"undefined", is_undefined, false},
    {"none", is_none, false},
    {"string", is_string, false},
    {"mapping", is_mapping, false},
    {"boolean", is_boolean, false},
    {"integer", is_integer, false},
    {"float", is_float, false},
    {"number", is_number, false},
    {"true", is_true, false},
    {"false", is_false, false},
    {"iterable", is_iterable, false},
    {"sequence", is_sequence, false},
    {"callable", is_callable, false},
    {"upper", is_upper, false},
    {"lower", is_lower, false},
    {"odd", is_odd, false},
    {"even", is_even, false},
    {"divisibleby", is_divisible, true},
    {"eq", is_equal, true},
    {"equalto", is_equal, true},
    {"==", is_equal, true},
    {"ne", is_unequal, true},
    {"!=", is_unequal, true},
    {"sameas", is_same, true},
    {"in", is_in, true},
    {"lt", is_less, true},
    {"lessthan", is_less, true},
    {"<", is_less, true},
    {"le", is_at_most, true},
    {"<=", is_at_most, true},
    {"gt", is_greater, true},
    {"greaterthan", is_greater, true},
    {">", is_greater, true},
    {"ge", is_at_least, true},
    {">=", is_at_least, true},
    {"test", is_test, false},
};

bool test_exists(struct slice name)
{
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (slice_is(name, tests[i].name))
            return true;
    }
    return false;
}

bool test_apply(struct run *r, struct slice name, const struct value *v, const struct call_args *a,
                bool *out)
{
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (!slice_is(name, tests[i].name))
            continue;
        if (!run_spend_on(r, v) || !run_room(r, 0))
            return false;
        struct query q = {r, v, call_get(a, 0, NULL), out};
        if (tests[i].argument && !q.with)
            return run_error(r, "the test '%s' needs an argument", tests[i].name);
        return tests[i].ask(&q);
    }
    return run_error(r, "unknown test '%.*s'", (int)(name.len < 80 ? name.len : 80), name.data);
}
