// SPDX-License-Identifier: Apache-2.0
// Functions that templates may call.
#include "chat/jinja.h"

static bool call_range(struct run *r, const struct call_args *a, struct value *out)
{
    int64_t part[3] = {0, 0, 1};
    if (a->count < 1 || a->count > 3)
        return run_error(r, "range needs one to three integers");
    for (size_t i = 0; i < a->count; i++) {
        if (!call_int(r, a, i, "bound", 0, &part[i]))
            return false;
    }
    int64_t start = a->count > 1 ? part[0] : 0, stop = a->count > 1 ? part[1] : part[0];
    if (part[2] == 0)
        return run_error(r, "range() arg 3 must not be zero");
    *out = value_list(r->arena);
    for (int64_t i = start; part[2] > 0 ? i < stop : i > stop;) {
        if (out->list->count == JINJA_MAX_RANGE)
            return run_error(r, "a range of more than %d items", JINJA_MAX_RANGE);
        list_push(r->arena, out->list, value_int(i));
        if (__builtin_add_overflow(i, part[2], &i))
            break;
    }
    return true;
}

// dict(...) and namespace(...): an optional dict, and keywords.
static bool call_dict(struct run *r, const struct call_args *a, struct value *out)
{
    *out = value_dict(r->arena);
    if (a->count > 1 || (a->count == 1 && a->values[0].kind != VALUE_DICT))
        return run_error(r, "dict and namespace take a dict and keywords");
    for (size_t i = 0; a->count && i < a->values[0].dict->count; i++) {
        const struct pair *p = &a->values[0].dict->pairs[i];
        run_dict_set(r, out->dict, p->key, p->value);
    }
    for (size_t i = 0; i < a->named; i++)
        run_dict_set(r, out->dict, value_string(a->names[i]), a->values[a->count + i]);
    return true;
}

static bool call_namespace(struct run *r, const struct call_args *a, struct value *out)
{
    bool ok = call_dict(r, a, out);
    out->kind = VALUE_NAMESPACE;
    return ok;
}

static bool call_raise(struct run *r, const struct call_args *a, struct value *out)
{
    struct slice text = {"", 0};
    const struct value *message = call_get(a, 0, "message");
    *out = value_none();
    if (message && !value_to_slice(r, message, &text))
        return false;
    return run_error(r, "%.*s", (int)(text.len < 300 ? text.len : 300), text.data);
}

static bool call_strftime(struct run *r, const struct call_args *a, struct value *out)
{
    const struct value *format = call_get(a, 0, "format");
    if (!format || format->kind != VALUE_STRING)
        return run_error(r, "strftime_now needs a format");
    return clock_format(r, format->s, out);
}

void functions_define(struct run *r, struct scope *globals)
{
    static const struct {
        const char *name;
        bool (*call)(struct run *r, const struct call_args *a, struct value *out);
    } functions[] = {
        {"range", call_range},           {"dict", call_dict},
        {"namespace", call_namespace},   {"raise_exception", call_raise},
        {"strftime_now", call_strftime},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        struct value f = {.kind = VALUE_FUNCTION, .function = functions[i].call};
        dict_set(r->arena, &globals->vars, value_text(functions[i].name), f);
    }
}
