// SPDX-License-Identifier: Apache-2.0
// Errors, memory and byte order: the few things that every other file takes for granted.
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Errors ---------------------------------------------------------------------------------

bool err_set(struct err *e, const char *fmt, ...)
{
    if (err_is_set(e))
        return false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    // An error is one line, whatever names from a file were printed into it.
    for (char *p = e->text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    if (!e->text[0])
        strcpy(e->text, "unknown error");
    return false;
}

bool err_is_set(const struct err *e)
{
    return e->text[0] != 0;
}

// ---- Memory ---------------------------------------------------------------------------------

static void die_of_memory(size_t size)
{
    fprintf(stderr, "llamafile: error: out of memory: %zu bytes were refused\n", size);
    exit(1);
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        die_of_memory(size);
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        die_of_memory(count * size);
    return p;
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        die_of_memory(size);
    return p;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
    char *p = xmalloc(n + 1);
    memcpy(p, s, n);
    p[n] = 0;
    return p;
}

// Over-allocates and keeps the pointer to free just below the aligned block, because aligned
// allocation has a different name on every system and macOS 10.14 lacks the standard one.
void *base_alloc_aligned(size_t align, size_t size)
{
    size_t extra = align + sizeof(void *);
    if (size > SIZE_MAX - extra)
        return NULL;
    char *raw = malloc(size + extra);
    if (!raw)
        return NULL;
    uintptr_t start = (uintptr_t)raw + sizeof(void *);
    void **p = (void **)((start + align - 1) & ~(uintptr_t)(align - 1));
    p[-1] = raw;
    return p;
}

void base_free_aligned(void *p)
{
    if (p)
        free(((void **)p)[-1]);
}

// ---- Byte order -----------------------------------------------------------------------------

uint16_t le16(const void *p)
{
    const unsigned char *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}

uint32_t le32(const void *p)
{
    return (uint32_t)le16(p) | (uint32_t)le16((const char *)p + 2) << 16;
}

uint64_t le64(const void *p)
{
    return (uint64_t)le32(p) | (uint64_t)le32((const char *)p + 4) << 32;
}

uint64_t mix64(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}
