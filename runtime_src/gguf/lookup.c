// SPDX-License-Identifier: Apache-2.0
// Questions to an opened GGUF. Values were bounds-checked when it was opened; what is checked here
// is their kind.
#include "gguf/file.h"

#include <assert.h>
#include <string.h>

static const char *const kind_names[GGUF_KIND_COUNT] = {
    [GGUF_U8] = "u8",         [GGUF_I8] = "i8",       [GGUF_U16] = "u16", [GGUF_I16] = "i16",
    [GGUF_U32] = "u32",       [GGUF_I32] = "i32",     [GGUF_F32] = "f32", [GGUF_BOOL] = "bool",
    [GGUF_STRING] = "string", [GGUF_ARRAY] = "array", [GGUF_U64] = "u64", [GGUF_I64] = "i64",
    [GGUF_F64] = "f64",
};

const char *gguf_label(const struct gguf *g)
{
    return g->label;
}

size_t gguf_pair_count(const struct gguf *g)
{
    return g->n_pairs;
}

const struct gguf_pair *gguf_pair_at(const struct gguf *g, size_t i)
{
    assert(i < g->n_pairs);
    return &g->pairs[i];
}

size_t gguf_tensor_count(const struct gguf *g)
{
    return g->n_tensors;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i)
{
    assert(i < g->n_tensors);
    return &g->tensors[i];
}

const struct gguf_value *gguf_find(const struct gguf *g, const char *key)
{
    size_t i = name_index_find(&g->by_key, slice_of(key));
    return i == NAME_INDEX_NONE ? NULL : &g->pairs[i].value;
}

const struct gguf_tensor *gguf_find_tensor(const struct gguf *g, const char *name)
{
    size_t i = name_index_find(&g->by_tensor, slice_of(name));
    return i == NAME_INDEX_NONE ? NULL : &g->tensors[i];
}

// ---- Typed look-ups ----------------------------------------------------------------------------

static bool is_signed(enum gguf_kind kind)
{
    return kind == GGUF_I8 || kind == GGUF_I16 || kind == GGUF_I32 || kind == GGUF_I64;
}

static bool is_unsigned(enum gguf_kind kind)
{
    return kind == GGUF_U8 || kind == GGUF_U16 || kind == GGUF_U32 || kind == GGUF_U64;
}

static void wrong_kind(const struct gguf *g, const char *key, const char *wanted,
                       enum gguf_kind kind, struct err *e)
{
    err_set(e, "%s: metadata key %s is of kind %s, which is no %s", g->label, key, kind_names[kind],
            wanted);
}

int64_t gguf_int(const struct gguf *g, const char *key, int64_t fallback, struct err *e)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (v == NULL)
        return fallback;
    if (is_signed(v->kind))
        return v->i;
    if (is_unsigned(v->kind) && v->u <= INT64_MAX)
        return (int64_t)v->u;
    if (is_unsigned(v->kind))
        err_set(e, "%s: metadata key %s is %llu, which is out of range", g->label, key,
                (unsigned long long)v->u);
    else
        wrong_kind(g, key, "integer", v->kind, e);
    return fallback;
}

double gguf_float(const struct gguf *g, const char *key, double fallback, struct err *e)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (v == NULL)
        return fallback;
    if (v->kind == GGUF_F32 || v->kind == GGUF_F64)
        return v->f;
    if (is_signed(v->kind))
        return (double)v->i;
    if (is_unsigned(v->kind))
        return (double)v->u;
    wrong_kind(g, key, "number", v->kind, e);
    return fallback;
}

bool gguf_bool(const struct gguf *g, const char *key, bool fallback, struct err *e)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (v == NULL)
        return fallback;
    if (v->kind == GGUF_BOOL)
        return v->u != 0;
    wrong_kind(g, key, "bool", v->kind, e);
    return fallback;
}

struct slice gguf_str(const struct gguf *g, const char *key, const char *fallback, struct err *e)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (v != NULL && v->kind == GGUF_STRING)
        return v->str;
    if (v != NULL)
        wrong_kind(g, key, "string", v->kind, e);
    return fallback == NULL ? (struct slice){NULL, 0} : slice_of(fallback);
}

// ---- Arrays ------------------------------------------------------------------------------------

bool gguf_next_string(const struct gguf_value *array, size_t *pos, struct slice *out)
{
    assert(array->kind == GGUF_ARRAY && array->arr.kind == GGUF_STRING);
    if (*pos >= array->arr.size)
        return false;
    struct cursor c = cursor_of(array->arr.data, array->arr.size);
    cursor_seek(&c, *pos);
    out->len = (size_t)cursor_u64(&c);
    out->data = cursor_bytes(&c, out->len);
    *pos = c.pos;
    return !c.failed;
}

static uint64_t bits_at(const unsigned char *p, size_t size)
{
    switch (size) {
    case 1:
        return *p;
    case 2:
        return le16(p);
    case 4:
        return le32(p);
    default:
        return le64(p);
    }
}

double gguf_array_number(const struct gguf_value *array, uint64_t i)
{
    assert(array->kind == GGUF_ARRAY && array->arr.kind != GGUF_STRING && i < array->arr.count);
    size_t size = array->arr.size / (size_t)array->arr.count;
    uint64_t bits = bits_at(array->arr.data + i * size, size);
    switch (array->arr.kind) {
    case GGUF_I8:
        return (int8_t)bits;
    case GGUF_I16:
        return (int16_t)bits;
    case GGUF_I32:
        return (int32_t)bits;
    case GGUF_I64:
        return (double)(int64_t)bits;
    case GGUF_F32: {
        uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        return f;
    }
    case GGUF_F64: {
        double d;
        memcpy(&d, &bits, sizeof d);
        return d;
    }
    default:
        return (double)bits;
    }
}
