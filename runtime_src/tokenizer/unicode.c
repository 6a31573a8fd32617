// SPDX-License-Identifier: Apache-2.0
// UTF-8 and category look-up. The table is written at build time by unicode_tables.py.
#include "tokenizer/unicode.h"

#include "tokenizer/unicode_tables.inc"

#define RUN_COUNT (sizeof unicode_runs / sizeof unicode_runs[0])

enum unicode_category unicode_category(uint32_t code)
{
    // The last run that starts at or before the code point; the index narrows the search to the
    // runs of one block, which are few.
    uint32_t block = code >> 8;
    size_t low = unicode_index[UNICODE_INDEXED_BLOCKS - 1], high = RUN_COUNT;
    if (block < UNICODE_INDEXED_BLOCKS)
        low = unicode_index[block];
    if (block + 1 < UNICODE_INDEXED_BLOCKS)
        high = unicode_index[block + 1] + (size_t)1;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (unicode_runs[mid] >> 4 <= code)
            low = mid;
        else
            high = mid;
    }
    return (enum unicode_category)(unicode_runs[low] & 15);
}

bool unicode_is_space(uint32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= '\t' && code <= '\r');
    return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a)
           || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f
           || code == 0x3000;
}

size_t unicode_read(const char *text, size_t pos, uint32_t *code)
{
    const unsigned char *p = (const unsigned char *)text + pos;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    if (p[0] < 0xe0) {
        *code = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if (p[0] < 0xf0) {
        *code = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return 3;
    }
    *code = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12
            | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    return 4;
}

size_t unicode_back(const char *text, size_t pos)
{
    do
        pos--;
    while (((unsigned char)text[pos] & 0xc0) == 0x80);
    return pos;
}

size_t unicode_check(struct slice text, size_t *bad)
{
    const unsigned char *p = (const unsigned char *)text.data;
    unsigned char lead = p[0];
    *bad = 1;
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xc2 && lead <= 0xdf ? 2
                    : lead >= 0xe0 && lead <= 0xef ? 3
                    : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    // The second byte's range excludes overlong forms, surrogates and what lies past U+10FFFF.
    unsigned char from = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char to = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i < length; i++) {
        if (i >= text.len || p[i] < from || p[i] > to) {
            *bad = i;
            return 0;
        }
        from = 0x80;
        to = 0xbf;
    }
    return length;
}

struct slice unicode_repair(struct slice text, struct buf *repaired)
{
    size_t good = 0; // where the text not yet copied starts
    size_t pos = 0, bad;
    while (pos < text.len) {
        size_t n = unicode_check((struct slice){text.data + pos, text.len - pos}, &bad);
        if (!n) {
            buf_append(repaired, text.data + good, pos - good);
            buf_puts(repaired, "\xef\xbf\xbd");
            good = pos + bad;
        }
        pos += n ? n : bad;
    }
    if (!good)
        return text;
    buf_append(repaired, text.data + good, text.len - good);
    return (struct slice){repaired->data, repaired->len};
}
