// SPDX-License-Identifier: Apache-2.0
// Python's str operations on UTF-8 slices.
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/jinja.h"
#include "tokenizer/unicode.h"

// str.isspace: the White_Space property and four control characters.
bool text_is_space(uint32_t code)
{
    return unicode_is_space(code) || (code >= 0x1c && code <= 0x1f);
}

static bool strips(struct slice one, const char *chars)
{
    uint32_t code;
    utf8_read(one, 0, &code);
    if (!chars)
        return text_is_space(code);
    return text_find(slice_of(chars), one, 0) != SIZE_MAX;
}

struct slice text_strip(struct slice s, const char *chars, bool left, bool right)
{
    while (left && s.len) {
        uint32_t code;
        size_t n = utf8_read(s, 0, &code);
        if (!strips((struct slice){s.data, n}, chars))
            break;
        s.data += n;
        s.len -= n;
    }
    while (right && s.len) {
        size_t at = utf8_back(s, s.len);
        if (!strips((struct slice){s.data + at, s.len - at}, chars))
            break;
        s.len = at;
    }
    return s;
}

size_t text_length(struct slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    return n;
}

size_t text_find(struct slice s, struct slice part, size_t from)
{
    if (!part.len)
        return from <= s.len ? from : SIZE_MAX;
    while (from + part.len <= s.len) {
        const char *at = memchr(s.data + from, part.data[0], s.len - part.len - from + 1);
        if (!at)
            break;
        from = (size_t)(at - s.data);
        if (!memcmp(at, part.data, part.len))
            return from;
        from++;
    }
    return SIZE_MAX;
}

bool text_replace(struct run *r, struct slice s, struct slice old, struct slice with, int64_t count,
                  struct value *out)
{
    struct buf b = {0};
    bool ok = run_spend_search(r, s, old);
    size_t done = 0, at = 0;
    while (ok && count != 0 && (at = text_find(s, old, at)) != SIZE_MAX) {
        ok = run_put(r, &b, s.data + done, at - done) && run_put(r, &b, with.data, with.len);
        done = at + old.len;
        count -= count > 0;
        if (old.len) {
            at = done;
        } else { // an empty string is found between all characters
            uint32_t code;
            if (at == s.len)
                break;
            at += utf8_read(s, at, &code);
        }
    }
    ok = ok && run_put(r, &b, s.data + done, s.len - done);
    *out = value_string(arena_copy(r->arena, b.data, b.len));
    buf_free(&b);
    return ok;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// u: upper; l: lower; c: the first letter upper; t: the first letter of each word upper, where
// words are runs of letters (str.title); T: where they begin after space or one of -({[< (the
// filter).
struct value text_case(struct run *r, struct slice s, char how)
{
    char *text = arena_alloc(r->arena, s.len + 1);
    bool start = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool up = how == 'u' || (how == 'c' ? i == 0 : how != 'l' && start);
        text[i] = up ? upper(c) : lower(c);
        if (how == 'T')
            start = c && strchr("-({[< \t\n\r\f\v", c);
        else
            start = !(upper(c) >= 'A' && upper(c) <= 'Z') && (unsigned char)c < 0x80;
    }
    return value_string((struct slice){text, s.len});
}
