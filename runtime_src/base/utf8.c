// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#define REPLACEMENT_CODE 0xfffd

struct utf8 utf8_at(struct slice text)
{
    const unsigned char *p = (const unsigned char *)text.data;
    unsigned char lead = p[0];
    if (lead < 0x80)
        return (struct utf8){UTF8_GOOD, 1, lead};
    if (lead < 0xc2 || lead > 0xf4)
        return (struct utf8){UTF8_BAD, 1, REPLACEMENT_CODE};
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t code = lead & (0x7fu >> length);
    // The second byte's range excludes overlong forms, surrogates and what lies past U+10FFFF.
    unsigned char from = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char to = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i < length; i++) {
        if (i == text.len)
            return (struct utf8){UTF8_CUT, i, REPLACEMENT_CODE};
        if (p[i] < from || p[i] > to)
            return (struct utf8){UTF8_BAD, i, REPLACEMENT_CODE};
        code = code << 6 | (p[i] & 0x3f);
        from = 0x80;
        to = 0xbf;
    }
    return (struct utf8){UTF8_GOOD, length, code};
}

size_t utf8_read(struct slice text, size_t pos, uint32_t *code)
{
    struct utf8 c = utf8_at((struct slice){text.data + pos, text.len - pos});
    *code = c.code;
    return c.len;
}

size_t utf8_back(struct slice text, size_t pos)
{
    // Only a lead byte begins more than one byte; if its character ends elsewhere, the byte before
    // pos stands alone.
    size_t at = pos - 1;
    while (at > 0 && pos - at < UTF8_MAX && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at--;
    uint32_t code;
    return at + utf8_read((struct slice){text.data, pos}, at, &code) == pos ? at : pos - 1;
}

size_t utf8_put(char out[UTF8_MAX], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | code);
    return n;
}

bool utf8_is_valid(struct slice text)
{
    for (size_t pos = 0; pos < text.len;) {
        struct utf8 c = utf8_at((struct slice){text.data + pos, text.len - pos});
        if (c.kind != UTF8_GOOD)
            return false;
        pos += c.len;
    }
    return true;
}

struct slice utf8_repair(struct slice text, struct buf *repaired)
{
    size_t good = 0; // where the text not yet copied starts
    for (size_t pos = 0; pos < text.len;) {
        struct utf8 c = utf8_at((struct slice){text.data + pos, text.len - pos});
        if (c.kind != UTF8_GOOD) {
            buf_append(repaired, text.data + good, pos - good);
            buf_puts(repaired, UTF8_REPLACEMENT);
            good = pos + c.len;
        }
        pos += c.len;
    }
    if (!good)
        return text;
    buf_append(repaired, text.data + good, text.len - good);
    return (struct slice){repaired->data, repaired->len};
}
