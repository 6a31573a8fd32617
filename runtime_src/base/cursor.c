// SPDX-License-Identifier: Apache-2.0
// The bounds-checked reader: a read past the end sets `failed` once and for all and yields zeros,
// so a parser can read a whole record and look at the flag afterwards.
#include "base/base.h"

struct cursor cursor_of(const void *data, size_t size)
{
    return (struct cursor){.data = data, .size = size};
}

bool cursor_has(const struct cursor *c, uint64_t n)
{
    return !c->failed && n <= c->size - c->pos;
}

const void *cursor_bytes(struct cursor *c, uint64_t n)
{
    if (!cursor_has(c, n)) {
        c->failed = true;
        return NULL;
    }
    const void *p = c->data + c->pos;
    c->pos += (size_t)n;
    return p;
}

uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 1);
    return p ? *p : 0;
}

uint16_t cursor_u16(struct cursor *c)
{
    const void *p = cursor_bytes(c, 2);
    return p ? le16(p) : 0;
}

uint32_t cursor_u32(struct cursor *c)
{
    const void *p = cursor_bytes(c, 4);
    return p ? le32(p) : 0;
}

uint64_t cursor_u64(struct cursor *c)
{
    const void *p = cursor_bytes(c, 8);
    return p ? le64(p) : 0;
}

bool cursor_seek(struct cursor *c, uint64_t pos)
{
    if (c->failed || pos > c->size) {
        c->failed = true;
        return false;
    }
    c->pos = (size_t)pos;
    return true;
}
