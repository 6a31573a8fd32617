// SPDX-License-Identifier: Apache-2.0
// Filters that make one value of one value. Those that walk over lists are in filters_list.c.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/filters.h"

const struct value *call_get(const struct call_args *a, size_t index, const char *name)
{
    for (size_t i = 0; name && i < a->named; i++) {
        if (slice_is(a->names[i], name))
            return &a->values[a->count + i];
    }
    return index < a->count ? &a->values[index] : NULL;
}

bool call_int(struct run *r, const struct call_args *a, size_t index, const char *name,
              int64_t fallback, int64_t *out)
{
    const struct value *v = call_get(a, index, name);
    *out = fallback;
    if (!v || v->kind == VALUE_NONE)
        return true;
    if (v->kind != VALUE_INT && v->kind != VALUE_BOOL)
        return run_error(r, "argument '%s' must be an integer, not %s", name, value_type_name(v));
    *out = v->kind == VALUE_INT ? v->i : v->b;
    return true;
}

bool call_text(struct run *r, const struct call_args *a, size_t index, const char *name,
               const char *fallback, struct slice *out)
{
    const struct value *v = call_get(a, index, name);
    *out = slice_of(fallback);
    return !v || value_to_slice(r, v, out);
}

bool call_flag(const struct call_args *a, size_t index, const char *name)
{
    const struct value *v = call_get(a, index, name);
    return v && value_truth(v);
}

// ---- Text --------------------------------------------------------------------------------------

static bool filter_trim(struct run *r, const struct value *v, const struct call_args *a,
                        struct value *out)
{
    struct slice s, chars = {0};
    const struct value *given = call_get(a, 0, "chars");
    bool some = given && given->kind != VALUE_NONE;
    if (!value_to_slice(r, v, &s) || (some && !value_to_slice(r, given, &chars)))
        return false;
    if (some && !run_spend_search(r, s, chars))
        return false;
    const char *set = some ? arena_copy(r->arena, chars.data, chars.len).data : NULL;
    *out = value_string(text_strip(s, set, true, true));
    return true;
}

static bool change_case(struct run *r, const struct value *v, char how, struct value *out)
{
    struct slice s;
    if (!value_to_slice(r, v, &s))
        return false;
    *out = text_case(r, s, how);
    return true;
}

static bool filter_upper(struct run *r, const struct value *v, const struct call_args *a,
                         struct value *out)
{
    (void)a;
    return change_case(r, v, 'u', out);
}

static bool filter_lower(struct run *r, const struct value *v, const struct call_args *a,
                         struct value *out)
{
    (void)a;
    return change_case(r, v, 'l', out);
}

static bool filter_capitalize(struct run *r, const struct value *v, const struct call_args *a,
                              struct value *out)
{
    (void)a;
    return change_case(r, v, 'c', out);
}

static bool filter_title(struct run *r, const struct value *v, const struct call_args *a,
                         struct value *out)
{
    (void)a;
    return change_case(r, v, 'T', out);
}

static bool filter_string(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    (void)a;
    struct slice s;
    if (!value_to_slice(r, v, &s))
        return false;
    *out = value_string(s);
    return true;
}

static bool filter_replace(struct run *r, const struct value *v, const struct call_args *a,
                           struct value *out)
{
    struct slice s, old, with;
    int64_t count;
    if (!call_get(a, 0, "old") || !call_get(a, 1, "new"))
        return run_error(r, "replace needs two arguments");
    return value_to_slice(r, v, &s) && call_text(r, a, 0, "old", "", &old) &&
           call_text(r, a, 1, "new", "", &with) && call_int(r, a, 2, "count", -1, &count) &&
           text_replace(r, s, old, with, count, out);
}

static bool filter_indent(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    struct slice s;
    int64_t width = 4;
    const struct value *given = call_get(a, 0, "width");
    struct buf b = {0}, pad = {0};
    bool text = given && given->kind == VALUE_STRING;
    if (!value_to_slice(r, v, &s) || (!text && !call_int(r, a, 0, "width", 4, &width)))
        return false;
    if (text)
        buf_append(&pad, given->s.data, given->s.len);
    for (int64_t i = 0; !text && i < width && i < 1000; i++)
        buf_putc(&pad, ' ');
    bool first = call_flag(a, 1, "first"), blank = call_flag(a, 2, "blank"), ok = true;
    for (size_t i = 0; ok && i <= s.len;) {
        const char *end = i < s.len ? memchr(s.data + i, '\n', s.len - i) : NULL;
        size_t line = end ? (size_t)(end - s.data) - i : s.len - i;
        if ((i == 0 ? first : line > 0 || blank) && pad.len)
            ok = run_put(r, &b, pad.data, pad.len);
        ok = ok && run_put(r, &b, s.data + i, line + (end != NULL));
        i += line + 1;
    }
    *out = value_string(arena_copy(r->arena, b.data, b.len));
    buf_free(&b);
    buf_free(&pad);
    return ok;
}

static bool filter_escape(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    (void)a;
    static const char from[] = "&<>\"'";
    static const char *const to[] = {"&amp;", "&lt;", "&gt;", "&#34;", "&#39;"};
    struct slice s;
    struct buf b = {0};
    bool ok = value_to_slice(r, v, &s);
    for (size_t i = 0; ok && i < s.len; i++) {
        const char *at = s.data[i] ? strchr(from, s.data[i]) : NULL;
        ok = at ? run_put(r, &b, to[at - from], strlen(to[at - from]))
                : run_put(r, &b, s.data + i, 1);
    }
    *out = value_string(arena_copy(r->arena, b.data, b.len));
    buf_free(&b);
    return ok;
}

static bool filter_tojson(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    int64_t indent;
    const struct value *separators = call_get(a, 2, "separators");
    if (!call_int(r, a, 1, "indent", -1, &indent))
        return false;
    struct json_style style = {(int)(indent < 0    ? -1
                                     : indent > 64 ? 64
                                                   : indent),
                               call_flag(a, 3, "sort_keys"), call_flag(a, 0, "ensure_ascii"),
                               slice_of(indent < 0 ? ", " : ","), slice_of(": ")};
    if (separators && separators->kind != VALUE_NONE) {
        const struct list *l = separators->kind == VALUE_LIST ? separators->list : NULL;
        if (!l || l->count != 2 || l->items[0].kind != VALUE_STRING ||
            l->items[1].kind != VALUE_STRING)
            return run_error(r, "separators must be two strings");
        style.comma = l->items[0].s;
        style.colon = l->items[1].s;
    }
    struct buf b = {0};
    bool ok = value_json(r, v, &style, &b);
    *out = value_string(arena_copy(r->arena, b.data, b.len));
    buf_free(&b);
    return ok;
}

// ---- Numbers -----------------------------------------------------------------------------------

// A text as Python's int() or float() reads it: blanks around, a sign, single underscores between
// digits. The cleaned text fits `out`, or the text is no number.
static bool clean_number(struct slice s, char out[128])
{
    s = text_strip(s, NULL, true, true);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool inside = i > 0 && i + 1 < s.len && s.data[i - 1] != '_';
        if (s.data[i] == '_' && inside)
            continue;
        if (n + 1 >= 128 || s.data[i] == '_' || !strchr("0123456789+-.eEinfatyINFATY", s.data[i]))
            return false;
        out[n++] = s.data[i];
    }
    out[n] = 0;
    return n > 0;
}

static bool filter_int(struct run *r, const struct value *v, const struct call_args *a,
                       struct value *out)
{
    char text[128], *rest;
    const struct value *fallback = call_get(a, 0, "default");
    *out = fallback ? *fallback : value_int(0);
    if (v->kind == VALUE_UNDEFINED)
        return run_error(r, "an undefined value is no number");
    double f = 0;
    if (v->kind == VALUE_INT || v->kind == VALUE_BOOL) {
        *out = value_int(v->kind == VALUE_INT ? v->i : v->b);
        return true;
    }
    if (v->kind == VALUE_FLOAT) {
        f = v->f;
    } else if (v->kind == VALUE_STRING && clean_number(v->s, text)) {
        errno = 0;
        long long i = strtoll(text, &rest, 10);
        if (!*rest) {
            *out = value_int(i);
            return !errno || run_error(r, "an integer beyond 64 bits");
        }
        f = strtod(text, &rest);
        if (*rest)
            return true;
    } else {
        return true;
    }
    // An infinite number is an error in Python, but what only reads as one is the default.
    if (fabs(f) >= 0x1p63 && (isfinite(f) || v->kind == VALUE_FLOAT))
        return run_error(r, "an integer beyond 64 bits");
    if (isfinite(f))
        *out = value_int((int64_t)f);
    return true;
}

static bool filter_float(struct run *r, const struct value *v, const struct call_args *a,
                         struct value *out)
{
    char text[128], *rest;
    const struct value *fallback = call_get(a, 0, "default");
    *out = fallback ? *fallback : value_float(0);
    if (v->kind == VALUE_UNDEFINED)
        return run_error(r, "an undefined value is no number");
    if (value_is_number(v)) {
        *out = value_float(value_number(v));
    } else if (v->kind == VALUE_STRING && clean_number(v->s, text)) {
        double f = strtod(text, &rest);
        if (!*rest)
            *out = value_float(f);
    }
    return true;
}

static bool filter_abs(struct run *r, const struct value *v, const struct call_args *a,
                       struct value *out)
{
    (void)a;
    if (!value_is_number(v))
        return run_error(r, "abs needs a number, not %s", value_type_name(v));
    if (v->kind == VALUE_FLOAT)
        *out = value_float(fabs(v->f));
    else if (v->kind == VALUE_INT && v->i == INT64_MIN)
        return run_error(r, "an integer beyond 64 bits");
    else
        *out = value_int(v->kind == VALUE_BOOL ? v->b : v->i < 0 ? -v->i : v->i);
    return true;
}

static bool filter_round(struct run *r, const struct value *v, const struct call_args *a,
                         struct value *out)
{
    int64_t places;
    struct slice method;
    if (!value_is_number(v))
        return run_error(r, "round needs a number, not %s", value_type_name(v));
    if (!call_int(r, a, 0, "precision", 0, &places) ||
        !call_text(r, a, 1, "method", "common", &method))
        return false;
    if (places < 0 || places > 300)
        return run_error(r, "round to %lld places", (long long)places);
    if (slice_is(method, "ceil") || slice_is(method, "floor")) {
        double unit = pow(10, (double)places), scaled = value_number(v) * unit;
        *out = value_float((slice_is(method, "ceil") ? ceil(scaled) : floor(scaled)) / unit);
        return true;
    }
    *out = v->kind == VALUE_BOOL ? value_int(v->b) : *v;
    if (v->kind == VALUE_FLOAT) {
        char text[700]; // 309 digits, a point and 300 places
        snprintf(text, sizeof text, "%.*f", (int)places, v->f);
        *out = value_float(strtod(text, NULL));
    }
    return true;
}

// ---- Any value ---------------------------------------------------------------------------------

static bool filter_default(struct run *r, const struct value *v, const struct call_args *a,
                           struct value *out)
{
    (void)r;
    const struct value *given = call_get(a, 0, "default_value");
    bool use = v->kind == VALUE_UNDEFINED || (call_flag(a, 1, "boolean") && !value_truth(v));
    *out = !use ? *v : given ? *given : value_text("");
    return true;
}

static bool filter_safe(struct run *r, const struct value *v, const struct call_args *a,
                        struct value *out)
{
    (void)r;
    (void)a;
    *out = *v;
    return true;
}

static bool filter_length(struct run *r, const struct value *v, const struct call_args *a,
                          struct value *out)
{
    (void)a;
    if (v->kind == VALUE_STRING)
        *out = value_int((int64_t)text_length(v->s));
    else if (v->kind == VALUE_LIST)
        *out = value_int((int64_t)v->list->count);
    else if (v->kind == VALUE_DICT)
        *out = value_int((int64_t)v->dict->count);
    else if (v->kind == VALUE_UNDEFINED)
        *out = value_int(0);
    else
        return run_error(r, "object of type '%s' has no len()", value_type_name(v));
    return true;
}

static const struct filter own_filters[] = {
    {"trim", filter_trim},
    {"upper", filter_upper},
    {"lower", filter_lower},
    {"capitalize", filter_capitalize},
    {"title", filter_title},
    {"string", filter_string},
    {"replace", filter_replace},
    {"indent", filter_indent},
    {"escape", filter_escape},
    {"e", filter_escape},
    {"tojson", filter_tojson},
    {"int", filter_int},
    {"float", filter_float},
    {"abs", filter_abs},
    {"round", filter_round},
    {"default", filter_default},
    {"d", filter_default},
    {"safe", filter_safe},
    {"length", filter_length},
    {"count", filter_length},
    {NULL, NULL},
};

bool filter_apply(struct run *r, struct slice name, const struct value *v,
                  const struct call_args *a, struct value *out)
{
    const struct filter *const tables[] = {own_filters, list_filters};
    for (size_t t = 0; t < 2; t++) {
        for (const struct filter *f = tables[t]; f->name; f++) {
            if (!slice_is(name, f->name))
                continue;
            if (!run_spend_on(r, v) || !run_room(r, 0) || !run_enter(r))
                return false;
            bool ok = f->apply(r, v, a, out);
            r->depth--;
            return ok;
        }
    }
    return run_error(r, "unknown filter '%.*s'", (int)(name.len < 80 ? name.len : 80), name.data);
}
