// SPDX-License-Identifier: Apache-2.0
// GGUF v2 and v3: metadata and the tensor directory over a mapped file, every read bounds-checked,
// nothing copied but the index. Format: the gguf specification in ggml's docs.
#ifndef GGUF_GGUF_H
#define GGUF_GGUF_H

#include "base/base.h"
#include "kernels/types.h"

// Numbered as in the file.
enum gguf_kind {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_KIND_COUNT
};

struct gguf_value {
    enum gguf_kind kind;
    union {
        uint64_t u; // also bool
        int64_t i;
        double f;
        struct slice str;
        struct {
            enum gguf_kind kind; // of the elements; arrays of arrays are refused
            uint64_t count;
            const unsigned char *data; // first element as it lies in the file
            size_t size;               // bytes
        } arr;
    };
};

struct gguf_pair {
    struct slice key;
    struct gguf_value value;
};

#define GGUF_MAX_DIMS 4

struct gguf_tensor {
    struct slice name;
    enum tensor_type type;
    int n_dims;
    int64_t dims[GGUF_MAX_DIMS]; // dims[0] is the contiguous one; unused ones are 1
    const void *data;            // inside the mapping
    uint64_t size;               // bytes
};

struct gguf; // opaque; immutable after opening

// `label` is what error messages call the file. The bytes must outlive the result.
struct gguf *gguf_open(const void *data, uint64_t size, const char *label, struct err *e);
void gguf_close(struct gguf *g);
const char *gguf_label(const struct gguf *g);

size_t gguf_pair_count(const struct gguf *g);
const struct gguf_pair *gguf_pair_at(const struct gguf *g, size_t i);
size_t gguf_tensor_count(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i);
const struct gguf_value *gguf_find(const struct gguf *g, const char *key); // NULL when absent
const struct gguf_tensor *gguf_find_tensor(const struct gguf *g, const char *name);

// Typed look-ups: the default when the key is absent; any integer kind serves for ints, any number
// for floats. A key of the wrong kind is an error recorded in *e (default returned).
int64_t gguf_int(const struct gguf *g, const char *key, int64_t fallback, struct err *e);
double gguf_float(const struct gguf *g, const char *key, double fallback, struct err *e);
bool gguf_bool(const struct gguf *g, const char *key, bool fallback, struct err *e);
struct slice gguf_str(const struct gguf *g, const char *key, const char *fallback, struct err *e);

// Walks an array of strings: call with *pos = 0 first; false at the end.
bool gguf_next_string(const struct gguf_value *array, size_t *pos, struct slice *out);
// Element i of a numeric array as a number.
double gguf_array_number(const struct gguf_value *array, uint64_t i);

#endif
