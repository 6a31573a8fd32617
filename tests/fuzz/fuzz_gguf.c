// SPDX-License-Identifier: Apache-2.0
// Opens arbitrary bytes as a GGUF and, when they pass, touches everything the result promises to be
// readable. The entry point is libFuzzer's, so any driver can feed it; fuzz_main.c is ours.
#undef NDEBUG // release builds drop assert, a test must not
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink; // keeps the reads

static void touch(const void *data, uint64_t size)
{
    const unsigned char *p = data;
    for (uint64_t i = 0; i < size; i++)
        sink += p[i];
}

static void touch_value(const struct gguf_value *v)
{
    if (v->kind == GGUF_STRING) {
        touch(v->str.data, v->str.len);
    } else if (v->kind == GGUF_ARRAY && v->arr.kind == GGUF_STRING) {
        struct slice s;
        uint64_t n = 0;
        for (size_t pos = 0; gguf_next_string(v, &pos, &s); n++)
            touch(s.data, s.len);
        assert(n == v->arr.count);
    } else if (v->kind == GGUF_ARRAY) {
        for (uint64_t i = 0; i < v->arr.count; i++)
            sink += gguf_array_number(v, i) > 0;
    }
}

static void touch_typed(const struct gguf *g, const char *key)
{
    struct err e[4] = {0};
    sink += (unsigned)gguf_int(g, key, 1, &e[0]);
    sink += gguf_float(g, key, 1, &e[1]) > 0;
    sink += gguf_bool(g, key, true, &e[2]);
    sink += (unsigned)gguf_str(g, key, "", &e[3]).len;
}

static void touch_all(const struct gguf *g)
{
    for (size_t i = 0; i < gguf_pair_count(g); i++) {
        const struct gguf_pair *pair = gguf_pair_at(g, i);
        touch_value(&pair->value);
        char *key = xstrndup(pair->key.data, pair->key.len);
        assert(memchr(key, 0, pair->key.len) != NULL || gguf_find(g, key) == &pair->value);
        touch_typed(g, key);
        free(key);
    }
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        touch(gguf_tensor_at(g, i)->data, gguf_tensor_at(g, i)->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct gguf *g = gguf_open(data, size, "fuzz", &e);
    assert((g != NULL) != err_is_set(&e));
    if (g != NULL)
        touch_all(g);
    gguf_close(g);
    return 0;
}
