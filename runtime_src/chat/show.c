// SPDX-License-Identifier: Apache-2.0
// Values as text: str(), repr() and JSON, as Python writes them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/jinja.h"
#include "tokenizer/unicode.h"

// The shortest digits that read back as the same number; an exponent below 1e-4 and from 1e16 on.
void value_float_repr(double f, struct buf *out)
{
    if (!isfinite(f)) {
        buf_puts(out, isnan(f) ? "nan" : f > 0 ? "inf" : "-inf");
        return;
    }
    char text[40];
    int precision = 0;
    do
        snprintf(text, sizeof text, "%.*e", precision, f);
    while (strtod(text, NULL) != f && ++precision < 17);
    char *e = strchr(text, 'e');
    int exponent = atoi(e + 1);
    if (exponent < -4 || exponent >= 16) {
        buf_append(out, text, (size_t)(e - text));
        buf_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    int decimals = precision - exponent;
    buf_printf(out, "%.*f", decimals > 1 ? decimals : 1, f);
}

static bool show_items(struct run *r, const struct value *v, struct buf *out);

static bool put(struct run *r, struct buf *out, const char *text)
{
    return run_put(r, out, text, strlen(text));
}

bool value_str(struct run *r, const struct value *v, struct buf *out)
{
    if (v->kind == VALUE_STRING)
        return run_put(r, out, v->s.data, v->s.len);
    return v->kind == VALUE_UNDEFINED || value_repr(r, v, out);
}

bool value_to_slice(struct run *r, const struct value *v, struct slice *out)
{
    if (v->kind == VALUE_STRING) {
        *out = v->s;
        return true;
    }
    struct buf b = {0};
    bool ok = value_str(r, v, &b) && run_room(r, b.len);
    *out = arena_copy(r->arena, b.data, b.len);
    buf_free(&b);
    return ok;
}

// Whether Python's repr shows a character as it is.
static bool printable(uint32_t code)
{
    enum unicode_category c = unicode_category(code);
    return code == ' ' || (c != UNICODE_OTHER && c != UNICODE_Z);
}

static bool repr_string(struct run *r, struct slice s, struct buf *out)
{
    bool single = s.len && memchr(s.data, '\'', s.len), twice = s.len && memchr(s.data, '"', s.len);
    char quote = single && !twice ? '"' : '\'';
    buf_putc(out, quote);
    for (size_t i = 0, n; i < s.len; i += n) {
        uint32_t code;
        n = utf8_read(s, i, &code);
        if (code == (unsigned char)quote || code == '\\')
            buf_printf(out, "\\%c", (int)code);
        else if (code == '\n' || code == '\r' || code == '\t')
            buf_printf(out, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
        else if (printable(code))
            buf_append(out, s.data + i, n);
        else
            buf_printf(out,
                       code < 0x100     ? "\\x%02x"
                       : code < 0x10000 ? "\\u%04x"
                                        : "\\U%08x",
                       code);
    }
    buf_putc(out, quote);
    return run_put(r, out, "", 0);
}

bool value_repr(struct run *r, const struct value *v, struct buf *out)
{
    switch (v->kind) {
    case VALUE_UNDEFINED:
        return put(r, out, "Undefined");
    case VALUE_NONE:
        return put(r, out, "None");
    case VALUE_BOOL:
        return put(r, out, v->b ? "True" : "False");
    case VALUE_INT:
        buf_printf(out, "%lld", (long long)v->i);
        return true;
    case VALUE_FLOAT:
        value_float_repr(v->f, out);
        return true;
    case VALUE_STRING:
        return repr_string(r, v->s, out);
    case VALUE_LIST:
    case VALUE_DICT:
    case VALUE_NAMESPACE:
        if (++r->depth > JINJA_MAX_DEPTH)
            return run_error(r, "a value nests too deep");
        if (!run_spend_on(r, v))
            return false;
        bool ok = show_items(r, v, out);
        r->depth--;
        return ok;
    default:
        return run_error(r, "a %s cannot be printed", value_type_name(v));
    }
}

static bool show_items(struct run *r, const struct value *v, struct buf *out)
{
    if (v->kind == VALUE_LIST) {
        bool tuple = v->list->tuple;
        buf_putc(out, tuple ? '(' : '[');
        for (size_t i = 0; i < v->list->count; i++) {
            if ((i && !put(r, out, ", ")) || !value_repr(r, &v->list->items[i], out))
                return false;
        }
        return put(r, out, !tuple ? "]" : v->list->count == 1 ? ",)" : ")");
    }
    bool space = v->kind == VALUE_NAMESPACE;
    buf_puts(out, space ? "<Namespace {" : "{");
    for (size_t i = 0; i < v->dict->count; i++) {
        const struct pair *p = &v->dict->pairs[i];
        if ((i && !put(r, out, ", ")) || !value_repr(r, &p->key, out) || !put(r, out, ": ") ||
            !value_repr(r, &p->value, out))
            return false;
    }
    return put(r, out, space ? "}>" : "}");
}

// ---- JSON --------------------------------------------------------------------------------------

struct json {
    struct run *r;
    struct buf *out;
    const struct json_style *style;
    int level;
};

static bool json_value(struct json *j, const struct value *v);

static void json_string(struct json *j, struct slice s)
{
    static const char plain[] = "\"\\\n\r\t\f\b", escaped[] = "\"\\nrtfb";
    buf_putc(j->out, '"');
    for (size_t i = 0, n; i < s.len; i += n) {
        uint32_t code;
        n = utf8_read(s, i, &code);
        const char *at = code && code < 0x80 ? strchr(plain, (int)code) : NULL;
        if (at)
            buf_printf(j->out, "\\%c", escaped[at - plain]);
        else if (code < 0x20 || (j->style->ascii && code > 0x7e && code < 0x10000))
            buf_printf(j->out, code == 0x7f ? "\x7f" : "\\u%04x", code);
        else if (j->style->ascii && code >= 0x10000)
            buf_printf(j->out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                       0xdc00 + ((code - 0x10000) & 0x3ff));
        else
            buf_append(j->out, s.data + i, n);
    }
    buf_putc(j->out, '"');
}

// What stands before an item (`first`: nothing before it) or the closing bracket.
static void json_break(struct json *j, bool first, bool last)
{
    if (!first && !last)
        buf_append(j->out, j->style->comma.data, j->style->comma.len);
    if (j->style->indent < 0)
        return;
    buf_putc(j->out, '\n');
    for (int i = 0; i < j->style->indent * j->level; i++)
        buf_putc(j->out, ' ');
}

static bool json_list(struct json *j, const struct list *l)
{
    buf_putc(j->out, '[');
    j->level++;
    for (size_t i = 0; i < l->count; i++) {
        json_break(j, i == 0, false);
        if (!json_value(j, &l->items[i]))
            return false;
    }
    j->level--;
    if (l->count)
        json_break(j, false, true);
    return put(j->r, j->out, "]");
}

static bool json_key(struct json *j, const struct value *key)
{
    if (key->kind == VALUE_STRING) {
        json_string(j, key->s);
        return true;
    }
    if (key->kind != VALUE_NONE && !value_is_number(key))
        return run_error(j->r, "keys must be str, int, float, bool or None, not %s",
                         value_type_name(key));
    buf_putc(j->out, '"');
    bool ok = json_value(j, key);
    buf_putc(j->out, '"');
    return ok;
}

static bool json_dict(struct json *j, const struct dict *d)
{
    struct pair *pairs = arena_alloc(j->r->arena, (d->count + 1) * sizeof *pairs);
    for (size_t i = 0; i < d->count; i++) {
        size_t at = i; // insertion sort: objects are small, and ties cannot be
        for (int order = 1; j->style->sort && at > 0; at--) {
            if (!value_compare(j->r, &pairs[at - 1].key, &d->pairs[i].key, &order))
                return false;
            if (order <= 0)
                break;
            pairs[at] = pairs[at - 1];
        }
        pairs[at] = d->pairs[i];
    }
    buf_putc(j->out, '{');
    j->level++;
    for (size_t i = 0; i < d->count; i++) {
        json_break(j, i == 0, false);
        if (!json_key(j, &pairs[i].key) ||
            !run_put(j->r, j->out, j->style->colon.data, j->style->colon.len) ||
            !json_value(j, &pairs[i].value))
            return false;
    }
    j->level--;
    if (d->count)
        json_break(j, false, true);
    return put(j->r, j->out, "}");
}

static bool json_value(struct json *j, const struct value *v)
{
    bool ok;
    switch (v->kind) {
    case VALUE_NONE:
        return put(j->r, j->out, "null");
    case VALUE_BOOL:
        return put(j->r, j->out, v->b ? "true" : "false");
    case VALUE_INT:
        return value_repr(j->r, v, j->out);
    case VALUE_FLOAT:
        if (!isfinite(v->f))
            return put(j->r, j->out, isnan(v->f) ? "NaN" : v->f > 0 ? "Infinity" : "-Infinity");
        return value_repr(j->r, v, j->out);
    case VALUE_STRING:
        json_string(j, v->s);
        return put(j->r, j->out, "");
    case VALUE_LIST:
    case VALUE_DICT:
        if (++j->r->depth > JINJA_MAX_DEPTH)
            return run_error(j->r, "a value nests too deep");
        if (!run_spend_on(j->r, v) || !run_room(j->r, 0))
            return false;
        ok = v->kind == VALUE_LIST ? json_list(j, v->list) : json_dict(j, v->dict);
        j->r->depth--;
        return ok;
    default:
        return run_error(j->r, "Object of type %s is not JSON serializable", value_type_name(v));
    }
}

bool value_json(struct run *r, const struct value *v, const struct json_style *style,
                struct buf *out)
{
    struct json j = {r, out, style, 0};
    return json_value(&j, v);
}
