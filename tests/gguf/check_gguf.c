// SPDX-License-Identifier: Apache-2.0
// What pytest asks of the GGUF reader:
//
//     check_gguf show FILE       metadata and tensors, a line each; or "error: TEXT" and status 1
//     check_gguf truncate FILE   every proper prefix must be refused; prints each distinct section
//     check_gguf edges FILE      no byte and no 8 bytes set to extreme values may crash it
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gguf/gguf.h"

#define ROOM (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); // tests/fuzz/fuzz_gguf.c

// ---- show --------------------------------------------------------------------------------------

static void show_number(enum gguf_kind kind, const struct gguf_value *v)
{
    if (kind == GGUF_F32 || kind == GGUF_F64)
        printf("%.17g", v->f);
    else if (kind == GGUF_I8 || kind == GGUF_I16 || kind == GGUF_I32 || kind == GGUF_I64)
        printf("%lld", (long long)v->i);
    else
        printf("%llu", (unsigned long long)v->u);
}

static void show_hex(struct slice s)
{
    putchar('x');
    for (size_t i = 0; i < s.len; i++)
        printf("%02x", (unsigned char)s.data[i]);
}

static void show_array(const struct gguf_value *v)
{
    printf("[%d]", (int)v->arr.kind);
    struct slice s;
    if (v->arr.kind == GGUF_STRING) {
        for (size_t pos = 0; gguf_next_string(v, &pos, &s);) {
            putchar(' ');
            show_hex(s);
        }
        return;
    }
    for (uint64_t i = 0; i < v->arr.count; i++)
        printf(" %.17g", gguf_array_number(v, i));
}

static void show_pair(const struct gguf_pair *p)
{
    printf("%.*s %d ", (int)p->key.len, p->key.data, (int)p->value.kind);
    if (p->value.kind == GGUF_STRING)
        show_hex(p->value.str);
    else if (p->value.kind == GGUF_ARRAY)
        show_array(&p->value);
    else
        show_number(p->value.kind, &p->value);
    putchar('\n');
}

static int show(const uint8_t *data, size_t size, const char *path)
{
    struct err e = {0};
    struct gguf *g = gguf_open(data, size, path, &e);
    if (g == NULL) {
        printf("error: %s\n", e.text);
        return 1;
    }
    for (size_t i = 0; i < gguf_pair_count(g); i++)
        show_pair(gguf_pair_at(g, i));
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        printf("tensor %.*s %s", (int)t->name.len, t->name.data, tensor_type_info(t->type)->name);
        for (int d = 0; d < t->n_dims; d++)
            printf(" %lld", (long long)t->dims[d]);
        printf(" at %zu size %llu\n", (size_t)((const uint8_t *)t->data - data),
               (unsigned long long)t->size);
    }
    gguf_close(g);
    return 0;
}

// ---- truncate, edges ---------------------------------------------------------------------------

// The part of a message up to the first digit, without the file's name.
static void section_of(const char *text, char out[64])
{
    const char *p = strchr(text, ':');
    p = p == NULL ? text : p + 2;
    size_t n = strcspn(p, "0123456789,(");
    snprintf(out, 64, "%.*s", (int)n, p);
}

static int truncate_all(const uint8_t *data, size_t size, uint8_t *end)
{
    char last[64] = "";
    for (size_t n = 0; n < size; n++) {
        struct err e = {0};
        memcpy(end - n, data, n);
        struct gguf *g = gguf_open(end - n, n, "t", &e);
        if (g != NULL || !err_is_set(&e)) {
            printf("a prefix of %zu bytes was accepted\n", n);
            return 1;
        }
        char section[64];
        section_of(e.text, section);
        if (strcmp(section, last) != 0)
            printf("%s\n", section);
        strcpy(last, section);
    }
    return 0;
}

static int set_edges(const uint8_t *data, size_t size, uint8_t *end)
{
    static const uint8_t bytes[] = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff};
    static const uint64_t words[] = {UINT64_MAX,     INT64_MAX,  1ull << 63, 1ull << 32,
                                     UINT64_MAX - 7, UINT32_MAX, 0};
    uint8_t *copy = end - size;
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            memcpy(copy, data, size);
            copy[at] = bytes[i];
            LLVMFuzzerTestOneInput(copy, size);
        }
        for (size_t i = 0; i < sizeof words / sizeof words[0] && at + 8 <= size; i++) {
            memcpy(copy, data, size);
            memcpy(copy + at, &words[i], 8);
            LLVMFuzzerTestOneInput(copy, size);
        }
    }
    printf("edges: %zu bytes\n", size);
    return 0;
}

// ---- main --------------------------------------------------------------------------------------

int main(int argc, char **argv)
{
    static uint8_t data[ROOM];
    FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (f == NULL) {
        fprintf(stderr, "usage: check_gguf show|truncate|edges FILE\n");
        return 2;
    }
    size_t size = fread(data, 1, sizeof data, f);
    fclose(f);
    // A buffer that ends at an unmapped page: reading past the end crashes even without a
    // sanitizer.
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *room = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (room == MAP_FAILED || mprotect(room + ROOM, page, PROT_NONE) != 0)
        return 2;
    if (strcmp(argv[1], "truncate") == 0)
        return truncate_all(data, size, room + ROOM);
    if (strcmp(argv[1], "edges") == 0)
        return set_edges(data, size, room + ROOM);
    return show(data, size, strrchr(argv[2], '/') == NULL ? argv[2] : strrchr(argv[2], '/') + 1);
}
