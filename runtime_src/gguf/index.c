// SPDX-License-Identifier: Apache-2.0
// At most half of the slots are used, so that a probe ends after a step or two.
#include "gguf/index.h"

#include <stdlib.h>
#include <string.h>

// FNV-1a, 32 bits: offset basis and prime as its authors publish them.
static uint32_t hash(struct slice s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.data[i]) * 16777619u;
    return h;
}

static struct slice name_at(const struct name_index *ix, size_t i)
{
    struct slice name;
    memcpy(&name, ix->items + i * ix->stride, sizeof name);
    return name;
}

// The slot that holds `name`, or the free one where it belongs.
static size_t slot_of(const struct name_index *ix, struct slice name)
{
    size_t slot = hash(name) & ix->mask;
    while (ix->slots[slot] != 0 && !slice_eq(name_at(ix, ix->slots[slot] - 1), name))
        slot = (slot + 1) & ix->mask;
    return slot;
}

void name_index_init(struct name_index *ix, const void *items, size_t stride, size_t count)
{
    size_t slots = 8;
    while (slots < 2 * count)
        slots *= 2;
    ix->items = items;
    ix->stride = stride;
    ix->slots = xcalloc(slots, sizeof *ix->slots);
    ix->mask = slots - 1;
}

void name_index_free(struct name_index *ix)
{
    free(ix->slots);
}

size_t name_index_add(struct name_index *ix, size_t i)
{
    size_t slot = slot_of(ix, name_at(ix, i));
    if (ix->slots[slot] != 0)
        return ix->slots[slot] - 1;
    ix->slots[slot] = (uint32_t)(i + 1);
    return NAME_INDEX_NONE;
}

size_t name_index_find(const struct name_index *ix, struct slice name)
{
    uint32_t found = ix->slots[slot_of(ix, name)];
    return found == 0 ? NAME_INDEX_NONE : found - 1;
}
