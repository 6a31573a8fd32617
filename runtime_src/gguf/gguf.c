// SPDX-License-Identifier: Apache-2.0
// Opens a GGUF: reads the header, the metadata and the tensor directory, and checks every rule
// before anything is handed out, so that whoever uses the result need not check again.
// Little-endian, versions 2 and 3 (whose bytes are the same; 3 only added big-endian files, which
// are refused).
//
//     offset  size  field
//     0       4     magic "GGUF"
//     4       4     version
//     8       8     number of tensors
//     16      8     number of metadata pairs
//     24            pairs:    |key string|kind u32|value|
//                   tensors:  |name string|n_dims u32|dims u64 x n_dims|type u32|offset u64|
//                   padding to general.alignment (32 when absent), then the tensor data
//
//     string = |length u64|bytes|     array = |kind u32|count u64|values|     bool = 0 or 1, a byte
//
// All reads go through `struct reader`, which remembers where the first failing read began: each
// error names the file, the rule and the byte.
#include "gguf/gguf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/file.h"

// Limits on what sizes memory or time. The largest published models have about 2000 tensors, 100
// keys, vocabularies of 300 000 strings and chat templates of 30 KB.
#define MAX_TENSORS (1u << 16)
#define MAX_PAIRS (1u << 16)
#define MAX_NAME 65535           // the specification's limit for keys; also serves tensor names
#define MAX_STRING (1u << 26)    // one metadata string
#define MAX_ARRAY (1u << 26)     // elements
#define MAX_WEIGHTS (1ull << 48) // of one tensor; times the widest block it stays far below 2^63
#define MIN_ALIGNMENT 8          // the specification: a multiple of 8
#define MAX_ALIGNMENT (1u << 20)
#define DEFAULT_ALIGNMENT 32

// The fewest bytes an entry can take; they bound the counts by the size of the file before anything
// is allocated.
#define MIN_PAIR_SIZE (8 + 1 + 4 + 1)           // key length, key, kind, value
#define MIN_TENSOR_SIZE (8 + 1 + 4 + 8 + 4 + 8) // name length, name, n_dims, dims[0], type, offset

struct reader {
    struct gguf *g;
    struct cursor c;
    size_t at;           // where the read that failed first began; else where the latest one began
    const char *section; // what is being read, for messages
    uint64_t *offsets;   // (n_tensors) from the start of the tensor data
    struct err *e;
};

// ---- Errors ------------------------------------------------------------------------------------

// A name from the file, fit for a terminal: cut off and without control characters.
struct shown {
    char text[81];
};

static struct shown shown(struct slice s)
{
    struct shown out;
    size_t n = s.len < sizeof out.text - 1 ? s.len : sizeof out.text - 1;
    for (size_t i = 0; i < n; i++)
        out.text[i] = (unsigned char)s.data[i] < ' ' || s.data[i] == 127 ? '?' : s.data[i];
    out.text[n] = 0;
    return out;
}

// "FILE: RULE at byte N". Always false.
BASE_PRINTF(3, 4)
static bool broken(struct reader *r, uint64_t at, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(r->e, "%s: %s at byte %llu", r->g->label, text, (unsigned long long)at);
}

static bool truncated(struct reader *r)
{
    return err_set(r->e, "%s: truncated in %s at byte %zu of %zu (download it again)", r->g->label,
                   r->section, r->at, r->c.size);
}

// ---- Reads -------------------------------------------------------------------------------------

static void mark(struct reader *r)
{
    if (!r->c.failed)
        r->at = r->c.pos;
}

static uint32_t read_u32(struct reader *r)
{
    mark(r);
    return cursor_u32(&r->c);
}

static uint64_t read_u64(struct reader *r)
{
    mark(r);
    return cursor_u64(&r->c);
}

static const void *read_bytes(struct reader *r, uint64_t n)
{
    mark(r);
    return cursor_bytes(&r->c, n);
}

static bool read_string(struct reader *r, const char *what, uint64_t limit, struct slice *out)
{
    uint64_t len = read_u64(r);
    if (r->c.failed)
        return truncated(r);
    if (len > limit)
        return broken(r, r->at, "%s is %llu bytes long, more than the limit of %llu,", what,
                      (unsigned long long)len, (unsigned long long)limit);
    out->len = (size_t)len;
    out->data = read_bytes(r, len);
    return !r->c.failed || truncated(r);
}

// A name: a string that is not empty.
static bool read_name(struct reader *r, const char *what, struct slice *out)
{
    if (!read_string(r, what, MAX_NAME, out))
        return false;
    return out->len != 0 || broken(r, r->at, "%s is empty", what);
}

static size_t fewer(uint64_t a, uint64_t b)
{
    return (size_t)(a < b ? a : b);
}

// ---- Metadata ----------------------------------------------------------------------------------

static const unsigned char kind_size[GGUF_KIND_COUNT] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,   [GGUF_U16] = 2, [GGUF_I16] = 2, [GGUF_U32] = 4, [GGUF_I32] = 4,
    [GGUF_F32] = 4, [GGUF_BOOL] = 1, [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
};

static void decode_scalar(enum gguf_kind kind, const unsigned char *p, struct gguf_value *v)
{
    switch (kind) {
    case GGUF_I8:
        v->i = (int8_t)p[0];
        break;
    case GGUF_U16:
        v->u = le16(p);
        break;
    case GGUF_I16:
        v->i = (int16_t)le16(p);
        break;
    case GGUF_U32:
        v->u = le32(p);
        break;
    case GGUF_I32:
        v->i = (int32_t)le32(p);
        break;
    case GGUF_U64:
        v->u = le64(p);
        break;
    case GGUF_I64:
        v->i = (int64_t)le64(p);
        break;
    case GGUF_F32: {
        uint32_t bits = le32(p);
        float f;
        memcpy(&f, &bits, sizeof f);
        v->f = f;
        break;
    }
    case GGUF_F64: {
        uint64_t bits = le64(p);
        memcpy(&v->f, &bits, sizeof v->f);
        break;
    }
    default:
        v->u = p[0];
        break; // U8, BOOL
    }
}

static bool read_kind(struct reader *r, const char *what, enum gguf_kind *out)
{
    uint32_t kind = read_u32(r);
    if (r->c.failed)
        return truncated(r);
    if (kind >= GGUF_KIND_COUNT)
        return broken(r, r->at, "%s has unknown kind %u", what, (unsigned)kind);
    *out = (enum gguf_kind)kind;
    return true;
}

static bool read_array(struct reader *r, const char *what, struct gguf_value *v)
{
    if (!read_kind(r, what, &v->arr.kind))
        return false;
    if (v->arr.kind == GGUF_ARRAY)
        return broken(r, r->at, "%s is an array of arrays, which is not supported,", what);
    v->arr.count = read_u64(r);
    if (r->c.failed)
        return truncated(r);
    if (v->arr.count > MAX_ARRAY)
        return broken(r, r->at, "%s has %llu elements, more than the limit of %u,", what,
                      (unsigned long long)v->arr.count, MAX_ARRAY);
    size_t start = r->c.pos;
    v->arr.data = r->c.data + start;
    if (v->arr.kind == GGUF_STRING) {
        struct slice s;
        for (uint64_t i = 0; i < v->arr.count; i++)
            if (!read_string(r, what, MAX_STRING, &s))
                return false;
    } else if (read_bytes(r, v->arr.count * kind_size[v->arr.kind]) == NULL && r->c.failed) {
        return truncated(r);
    }
    v->arr.size = r->c.pos - start;
    return true;
}

static bool read_value(struct reader *r, const char *what, struct gguf_value *v)
{
    if (!read_kind(r, what, &v->kind))
        return false;
    if (v->kind == GGUF_STRING)
        return read_string(r, what, MAX_STRING, &v->str);
    if (v->kind == GGUF_ARRAY)
        return read_array(r, what, v);
    const unsigned char *p = read_bytes(r, kind_size[v->kind]);
    if (r->c.failed)
        return truncated(r);
    decode_scalar(v->kind, p, v);
    if (v->kind == GGUF_BOOL && v->u > 1)
        return broken(r, r->at, "%s is a bool of %llu, not 0 or 1,", what,
                      (unsigned long long)v->u);
    return true;
}

static bool read_pairs(struct reader *r)
{
    struct gguf *g = r->g;
    r->section = "the metadata";
    size_t room = fewer(g->n_pairs, (r->c.size - r->c.pos) / MIN_PAIR_SIZE + 1);
    name_index_init(&g->by_key, g->pairs, sizeof g->pairs[0], room);
    for (size_t i = 0; i < g->n_pairs; i++) {
        struct gguf_pair *pair = &g->pairs[i];
        if (!read_name(r, "a metadata key", &pair->key))
            return false;
        size_t at = r->at;
        struct shown key = shown(pair->key);
        if (name_index_add(&g->by_key, i) != NAME_INDEX_NONE)
            return broken(r, at, "metadata key %s appears a second time", key.text);
        char what[sizeof key.text + 16];
        snprintf(what, sizeof what, "metadata key %s", key.text);
        if (!read_value(r, what, &pair->value))
            return false;
    }
    return true;
}

// ---- Tensor directory --------------------------------------------------------------------------

// dims[0] rows of whole blocks, and a product that cannot overflow.
static bool read_shape(struct reader *r, const char *name, struct gguf_tensor *t)
{
    uint32_t n_dims = read_u32(r);
    if (r->c.failed)
        return truncated(r);
    if (n_dims < 1 || n_dims > GGUF_MAX_DIMS)
        return broken(r, r->at, "tensor %s has %u dimensions, not 1 to %d,", name, (unsigned)n_dims,
                      GGUF_MAX_DIMS);
    t->n_dims = (int)n_dims;
    uint64_t weights = 1;
    for (int d = 0; d < GGUF_MAX_DIMS; d++) {
        uint64_t dim = d < t->n_dims ? read_u64(r) : 1;
        if (r->c.failed)
            return truncated(r);
        if (dim == 0 || dim > MAX_WEIGHTS / weights)
            return broken(r, r->at, "tensor %s has an impossible dimension of %llu", name,
                          (unsigned long long)dim);
        weights *= dim;
        t->dims[d] = (int64_t)dim;
    }
    return true;
}

static bool read_type(struct reader *r, const char *name, struct gguf_tensor *t)
{
    uint32_t type = read_u32(r);
    if (r->c.failed)
        return truncated(r);
    const struct tensor_type_info *info = tensor_type_info(type);
    const char *type_name = tensor_type_name(type);
    if (info == NULL && type_name == NULL)
        return broken(r, r->at, "tensor %s has type number %u, which does not exist,", name,
                      (unsigned)type);
    if (info == NULL)
        return err_set(
            r->e,
            "%s: tensor %s has type %s, which this build lacks (convert to F16, Q8_0 or Q4_0)",
            r->g->label, name, type_name);
    if (t->dims[0] % info->block_weights != 0)
        return broken(r, r->at, "tensor %s has rows of %lld weights, not whole blocks of %d (%s),",
                      name, (long long)t->dims[0], info->block_weights, info->name);
    t->type = (enum tensor_type)type;
    uint64_t weights = (uint64_t)(t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3]);
    t->size = weights / (uint64_t)info->block_weights * info->block_size;
    return true;
}

static bool read_directory(struct reader *r)
{
    struct gguf *g = r->g;
    r->section = "the tensor directory";
    size_t room = fewer(g->n_tensors, (r->c.size - r->c.pos) / MIN_TENSOR_SIZE + 1);
    name_index_init(&g->by_tensor, g->tensors, sizeof g->tensors[0], room);
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct gguf_tensor *t = &g->tensors[i];
        if (!read_name(r, "a tensor name", &t->name))
            return false;
        size_t at = r->at;
        struct shown name = shown(t->name);
        if (name_index_add(&g->by_tensor, i) != NAME_INDEX_NONE)
            return broken(r, at, "tensor %s appears a second time", name.text);
        if (!read_shape(r, name.text, t) || !read_type(r, name.text, t))
            return false;
        r->offsets[i] = read_u64(r);
        if (r->c.failed)
            return truncated(r);
    }
    return true;
}

// ---- Tensor data -------------------------------------------------------------------------------

static bool read_alignment(struct reader *r, uint64_t *out)
{
    int64_t align = gguf_int(r->g, "general.alignment", DEFAULT_ALIGNMENT, r->e);
    if (err_is_set(r->e))
        return false;
    if (align < MIN_ALIGNMENT || align > MAX_ALIGNMENT || (align & (align - 1)) != 0)
        return err_set(r->e, "%s: general.alignment is %lld, not a power of two from %d to %u",
                       r->g->label, (long long)align, MIN_ALIGNMENT, MAX_ALIGNMENT);
    *out = (uint64_t)align;
    return true;
}

static int by_address(const void *a, const void *b)
{
    const struct gguf_tensor *const *x = a, *const *y = b;
    const unsigned char *p = (*x)->data, *q = (*y)->data;
    return (p > q) - (p < q);
}

static bool check_overlap(struct reader *r)
{
    struct gguf *g = r->g;
    const struct gguf_tensor **order = xmalloc((g->n_tensors + 1) * sizeof *order);
    for (size_t i = 0; i < g->n_tensors; i++)
        order[i] = &g->tensors[i];
    qsort(order, g->n_tensors, sizeof *order, by_address);
    bool ok = true;
    for (size_t i = 1; i < g->n_tensors && ok; i++) {
        const unsigned char *start = order[i]->data, *before = order[i - 1]->data;
        if ((uint64_t)(start - before) < order[i - 1]->size)
            ok = broken(r, (uint64_t)(start - r->c.data), "tensors %s and %s overlap",
                        shown(order[i - 1]->name).text, shown(order[i]->name).text);
    }
    free(order);
    return ok;
}

// Turns the directory's offsets into addresses, each checked against the end of the file.
static bool place_tensors(struct reader *r)
{
    struct gguf *g = r->g;
    uint64_t align;
    if (!read_alignment(r, &align))
        return false;
    uint64_t size = r->c.size;
    uint64_t start = (r->c.pos + align - 1) / align * align;
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct gguf_tensor *t = &g->tensors[i];
        struct shown name = shown(t->name);
        if (r->offsets[i] % align != 0)
            return err_set(r->e, "%s: tensor %s is at offset %llu of the data, no multiple of %llu",
                           g->label, name.text, (unsigned long long)r->offsets[i],
                           (unsigned long long)align);
        if (start > size || r->offsets[i] > size - start || t->size > size - start - r->offsets[i])
            return err_set(
                r->e,
                "%s: truncated in the data of tensor %s, %llu bytes from byte %llu on, of %llu "
                "(download it again)",
                g->label, name.text, (unsigned long long)t->size,
                (unsigned long long)(start + r->offsets[i]), (unsigned long long)size);
        t->data = r->c.data + start + r->offsets[i];
    }
    return check_overlap(r);
}

// ---- The file ----------------------------------------------------------------------------------

static bool read_version(struct reader *r)
{
    const unsigned char *magic = read_bytes(r, 4);
    if (r->c.size == 0)
        return err_set(r->e, "%s: not a GGUF file (it is empty)", r->g->label);
    if (r->c.failed && memcmp(r->c.data, "GGUF", r->c.size) == 0)
        return truncated(r);
    if (r->c.failed || memcmp(magic, "GGUF", 4) != 0)
        return err_set(r->e, "%s: not a GGUF file (it does not begin with \"GGUF\")", r->g->label);
    uint32_t version = read_u32(r);
    if (r->c.failed)
        return truncated(r);
    if (version == 2 || version == 3)
        return true;
    if (version == 2u << 24 || version == 3u << 24)
        return broken(r, r->at, "big-endian GGUF, which is not supported,");
    return broken(r, r->at, "GGUF version %u, only 2 and 3 are supported,", (unsigned)version);
}

static bool read_count(struct reader *r, const char *what, uint32_t limit, uint64_t *out)
{
    *out = read_u64(r);
    if (r->c.failed)
        return truncated(r);
    return *out <= limit || broken(r, r->at, "%llu %s, more than the limit of %u,",
                                   (unsigned long long)*out, what, (unsigned)limit);
}

static bool read_header(struct reader *r)
{
    struct gguf *g = r->g;
    uint64_t n_tensors, n_pairs;
    r->section = "the header";
    if (!read_version(r) || !read_count(r, "tensors", MAX_TENSORS, &n_tensors) ||
        !read_count(r, "metadata pairs", MAX_PAIRS, &n_pairs))
        return false;
    // The arrays hold one entry more than the bytes left can make up: a count that is too large
    // ends as "truncated" at the entry where it shows, and a small file cannot make us allocate
    // much.
    uint64_t left = r->c.size - r->c.pos;
    g->n_pairs = (size_t)n_pairs;
    g->pairs = xcalloc(fewer(n_pairs, left / MIN_PAIR_SIZE) + 1, sizeof *g->pairs);
    g->n_tensors = (size_t)n_tensors;
    size_t tensors = fewer(n_tensors, left / MIN_TENSOR_SIZE) + 1;
    g->tensors = xcalloc(tensors, sizeof *g->tensors);
    r->offsets = xcalloc(tensors, sizeof *r->offsets);
    return true;
}

struct gguf *gguf_open(const void *data, uint64_t size, const char *label, struct err *e)
{
    struct reader r = {.c = cursor_of(data, (size_t)size), .e = e};
    r.g = xcalloc(1, sizeof *r.g);
    r.g->label = xstrdup(label);
    bool ok = read_header(&r) && read_pairs(&r) && read_directory(&r) && place_tensors(&r);
    free(r.offsets);
    if (ok)
        return r.g;
    gguf_close(r.g);
    return NULL;
}

void gguf_close(struct gguf *g)
{
    if (g == NULL)
        return;
    name_index_free(&g->by_key);
    name_index_free(&g->by_tensor);
    free(g->pairs);
    free(g->tensors);
    free(g->label);
    free(g);
}
