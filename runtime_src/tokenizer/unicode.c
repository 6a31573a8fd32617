// SPDX-License-Identifier: Apache-2.0
// Look-up of categories. The table is written at build time by unicode_tables.py.
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
    return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
           code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}
