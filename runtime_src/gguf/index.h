// SPDX-License-Identifier: Apache-2.0
// Names to positions: a hash index over an array whose elements begin with a struct slice. Private
// to this room.
#ifndef GGUF_INDEX_H
#define GGUF_INDEX_H

#include "base/base.h"

struct name_index {
    const unsigned char *items; // the first element
    size_t stride;              // bytes from one element to the next
    uint32_t *slots;            // position + 1, or 0 for a free slot; linear probing
    size_t mask;                // slots - 1, a power of two less one
};

#define NAME_INDEX_NONE SIZE_MAX

// `items` must stay in place while the index lives. Nothing is in the index yet.
void name_index_init(struct name_index *ix, const void *items, size_t stride, size_t count);
void name_index_free(struct name_index *ix);
// Adds element i. Returns the position of an element that already has its name, else
// NAME_INDEX_NONE.
size_t name_index_add(struct name_index *ix, size_t i);
// The position of `name`, or NAME_INDEX_NONE.
size_t name_index_find(const struct name_index *ix, struct slice name);

#endif
