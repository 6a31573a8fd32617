// SPDX-License-Identifier: Apache-2.0
// Runs a compiled pattern. The recursion is over the items of one alternative, so its depth is the
// length of the pattern, never that of the text.
#include "tokenizer/pattern_match.h"

#include "base/utf8.h"
#include "tokenizer/pattern.h"

#define NO_MATCH SIZE_MAX

bool code_set_has(const struct code_set *s, uint32_t code)
{
    bool found = s->categories >> unicode_category(code) & 1;
    if (!found && (s->space || s->not_space))
        found = unicode_is_space(code) ? s->space : s->not_space;
    for (size_t i = 0; !found && i < s->range_count; i++)
        found = code >= s->ranges[i].from && code <= s->ranges[i].to;
    return found != s->negated;
}

// Length of the character at pos when the set holds it, else 0.
static size_t set_step(const struct code_set *s, struct slice text, size_t pos)
{
    if (pos >= text.len)
        return 0;
    unsigned char first = (unsigned char)text.data[pos];
    if (first < 0x80)
        return s->ascii[first];
    uint32_t code;
    size_t n = utf8_read(text, pos, &code);
    return code_set_has(s, code) ? n : 0;
}

// Bytes of the text that a literal (ASCII) takes at pos, or 0.
static size_t literal_length(const char *literal, bool fold, struct slice text, size_t pos)
{
    size_t at = pos;
    for (const char *l = literal; *l; l++) {
        if (at >= text.len)
            return 0;
        char c = text.data[at];
        if (fold && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c == *l) {
            at++;
        } else if (fold && *l == 's' && c == '\xc5' && at + 1 < text.len &&
                   text.data[at + 1] == '\xbf') {
            at += 2; // U+017F, the long s, folds to s; no other letter in use has such a twin
        } else {
            return 0;
        }
    }
    return at - pos;
}

static size_t match_items(const struct item *item, struct slice text, size_t pos);

static size_t match_set(const struct item *item, struct slice text, size_t pos)
{
    size_t count = 0, n;
    while (count < item->max && (n = set_step(&item->set, text, pos))) {
        pos += n;
        count++;
    }
    if (count < item->min)
        return NO_MATCH;
    // Greedy: the longest run first, then one character less each time.
    for (;; count--) {
        size_t end = match_items(item + 1, text, pos);
        if (end != NO_MATCH || count == item->min)
            return end;
        pos = utf8_back(text, pos);
    }
}

static size_t match_group(const struct item *item, struct slice text, size_t pos)
{
    for (size_t i = 0; i < item->literal_count; i++) {
        size_t n = literal_length(item->literals[i], item->fold_case, text, pos);
        size_t end = n ? match_items(item + 1, text, pos + n) : NO_MATCH;
        if (end != NO_MATCH)
            return end;
    }
    return item->min == 0 ? match_items(item + 1, text, pos) : NO_MATCH;
}

static size_t match_items(const struct item *item, struct slice text, size_t pos)
{
    for (;; item++) {
        switch (item->kind) {
        case ITEM_DONE:
            return pos;
        case ITEM_SET:
            return match_set(item, text, pos);
        case ITEM_GROUP:
            return match_group(item, text, pos);
        case ITEM_NOT_AHEAD:
            if (set_step(&item->set, text, pos))
                return NO_MATCH;
            break;
        case ITEM_LINE_END:
            if (pos < text.len && text.data[pos] != '\n')
                return NO_MATCH;
            break;
        }
    }
}

// After a failure at pos: how far the search may jump. When the whole pattern is a run of a set and
// something after it, that something failed at each end of the run, so no start inside the run can
// do better. (Without this, \s+$ would be quadratic in a long run of spaces.)
static size_t failed_run(const struct pattern *p, struct slice text, size_t pos)
{
    const struct item *first = &p->items[0];
    bool run = p->alternative_count == 1 && first->kind == ITEM_SET && first->min == 1 &&
               first->max == ITEM_NO_LIMIT;
    size_t n, end = pos;
    while (run && (n = set_step(&first->set, text, end)))
        end += n;
    return end;
}

bool pattern_find(const struct pattern *p, struct slice text, size_t from, size_t *start,
                  size_t *end)
{
    for (size_t pos = from; pos < text.len;) {
        for (size_t i = 0; i < p->alternative_count; i++) {
            *end = match_items(&p->items[p->alternatives[i]], text, pos);
            if (*end != NO_MATCH && *end > pos) {
                *start = pos;
                return true;
            }
        }
        size_t next = failed_run(p, text, pos);
        uint32_t code;
        pos = next > pos ? next : pos + utf8_read(text, pos, &code);
    }
    return false;
}
