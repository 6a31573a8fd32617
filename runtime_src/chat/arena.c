// SPDX-License-Identifier: Apache-2.0
// Memory that is freed as a whole.
#include <stdlib.h>
#include <string.h>

#include "chat/jinja.h"

#define BLOCK_SIZE 65536

struct arena_block {
    struct arena_block *next;
    size_t used, size;
};

// Blocks begin with their header; what is handed out is aligned to 16 bytes.
#define HEADER_SIZE ((sizeof(struct arena_block) + 15) & ~(size_t)15)

void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    a->total += size;
    if (!a->blocks || a->blocks->size - a->blocks->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct arena_block *block = xcalloc(1, HEADER_SIZE + room);
        block->size = HEADER_SIZE + room;
        block->used = HEADER_SIZE;
        block->next = a->blocks;
        a->blocks = block;
    }
    void *p = (char *)a->blocks + a->blocks->used;
    a->blocks->used += size;
    return p;
}

struct slice arena_copy(struct arena *a, const char *data, size_t len)
{
    char *copy = arena_alloc(a, len + 1);
    if (len)
        memcpy(copy, data, len);
    return (struct slice){copy, len};
}

void arena_free(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    a->total = 0;
}
