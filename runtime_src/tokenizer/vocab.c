// SPDX-License-Identifier: Apache-2.0
// Loading of the vocabulary and its hash tables (open addressing, at most half full).
#include "tokenizer/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

// Largest vocabulary read: 64 times the largest published ones, so that a damaged count fails here.
#define MAX_TOKENS (16 << 20)
#define MAX_MERGES (64 << 20)

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t hash_text(struct slice s)
{
    uint64_t h = s.len;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8)
        h = mix(h ^ le64(s.data + i));
    uint64_t last = 0;
    for (; i < s.len; i++)
        last = last << 8 | (unsigned char)s.data[i];
    return mix(mix(h ^ last));
}

static size_t table_size(size_t entries)
{
    size_t size = 16;
    while (size < entries * 2)
        size *= 2;
    return size;
}

// ---- Text to token ----------------------------------------------------------------------------

token_id vocab_find(const struct vocab *v, struct slice text)
{
    for (size_t i = hash_text(text);; i++) {
        token_id id = v->by_text[i & v->by_text_mask];
        if (id < 0 || slice_eq(v->tokens[id].text, text))
            return id;
    }
}

static void index_texts(struct vocab *v)
{
    size_t size = table_size((size_t)v->count);
    v->by_text = xmalloc(size * sizeof *v->by_text);
    memset(v->by_text, 0xff, size * sizeof *v->by_text);
    v->by_text_mask = size - 1;
    for (token_id id = 0; id < v->count; id++) {
        size_t i = hash_text(v->tokens[id].text);
        while (v->by_text[i & v->by_text_mask] >= 0 &&
               !slice_eq(v->tokens[v->by_text[i & v->by_text_mask]].text, v->tokens[id].text))
            i++;
        v->by_text[i & v->by_text_mask] = id; // of two with the same text, the last counts
    }
}

// ---- Special tokens ---------------------------------------------------------------------------

static uint32_t trie_child(const struct vocab *v, uint32_t node, unsigned char byte)
{
    uint32_t child = v->trie[node].child;
    while (child && v->trie[child].byte != byte)
        child = v->trie[child].sibling;
    return child;
}

static uint32_t trie_add(struct vocab *v, uint32_t parent, unsigned char byte)
{
    if (v->trie_count == v->trie_cap) {
        v->trie_cap = v->trie_cap ? v->trie_cap * 2 : 256;
        v->trie = xrealloc(v->trie, v->trie_cap * sizeof *v->trie);
    }
    uint32_t node = (uint32_t)v->trie_count++;
    v->trie[node] = (struct trie_node){.id = -1, .byte = byte};
    if (node) {
        v->trie[node].sibling = v->trie[parent].child;
        v->trie[parent].child = node;
    }
    return node;
}

// Enters a text; `spm_spaces` enters the text with U+2581 read as a space.
static void trie_enter(struct vocab *v, struct slice text, token_id id, bool spm_spaces)
{
    uint32_t node = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (spm_spaces && text.len - i >= 3 && !memcmp(text.data + i, "\xe2\x96\x81", 3)) {
            byte = ' ';
            i += 2;
        }
        uint32_t child = trie_child(v, node, byte);
        node = child ? child : trie_add(v, node, byte);
    }
    v->trie[node].id = id;
}

static void index_specials(struct vocab *v)
{
    trie_add(v, 0, 0);
    for (token_id id = 0; id < v->count; id++) {
        const struct token_info *t = &v->tokens[id];
        bool special =
            t->type == TOKEN_CONTROL || t->type == TOKEN_USER_DEFINED || t->type == TOKEN_UNKNOWN;
        // A text that is cut inside a character would cut the texts it is searched in there.
        if (!special || !t->text.len || !utf8_is_valid(t->text))
            continue;
        trie_enter(v, t->text, id, false);
        // SPM files write the spaces of a user-defined piece in either way.
        if (t->type == TOKEN_USER_DEFINED)
            trie_enter(v, t->text, id, true);
    }
}

token_id vocab_special(const struct vocab *v, struct slice text, bool control, size_t *len)
{
    token_id found = -1;
    uint32_t node = 0;
    for (size_t i = 0; i < text.len; i++) {
        node = trie_child(v, node, (unsigned char)text.data[i]);
        if (!node)
            break;
        token_id id = v->trie[node].id;
        if (id >= 0 && (control || v->tokens[id].type == TOKEN_USER_DEFINED)) {
            found = id;
            *len = i + 1;
        }
    }
    return found;
}

// ---- Merges -----------------------------------------------------------------------------------

static uint64_t hash_pair(token_id left, token_id right)
{
    return mix(mix((uint64_t)(uint32_t)left << 32 | (uint32_t)right));
}

const struct merge *vocab_merge(const struct vocab *v, token_id left, token_id right)
{
    if (left < 0 || right < 0)
        return NULL;
    for (size_t i = hash_pair(left, right);; i++) {
        const struct merge *m = &v->merges[i & v->merges_mask];
        if (m->left < 0)
            return NULL;
        if (m->left == left && m->right == right)
            return m;
    }
}

// "LEFT RIGHT": the two tokens and the one they make. A merge with a part that is no token can
// never apply and is left out; ranks stay positions in the list.
static void add_merge(struct vocab *v, struct slice text, uint32_t rank, struct buf *joined)
{
    const char *space = text.len > 1 ? memchr(text.data + 1, ' ', text.len - 1) : NULL;
    if (!space)
        return;
    struct slice left = {text.data, (size_t)(space - text.data)};
    struct slice right = {space + 1, text.len - left.len - 1};
    joined->len = 0;
    buf_append(joined, left.data, left.len);
    buf_append(joined, right.data, right.len);
    struct merge m = {vocab_find(v, left), vocab_find(v, right),
                      vocab_find(v, (struct slice){joined->data, joined->len}), rank};
    if (m.left < 0 || m.right < 0 || m.merged < 0)
        return;
    size_t i = hash_pair(m.left, m.right);
    while (v->merges[i & v->merges_mask].left >= 0) {
        const struct merge *other = &v->merges[i & v->merges_mask];
        if (other->left == m.left && other->right == m.right)
            return;
        i++;
    }
    v->merges[i & v->merges_mask] = m;
}

static bool load_merges(struct vocab *v, const struct gguf *g, struct err *e)
{
    const struct gguf_value *list = gguf_find(g, "tokenizer.ggml.merges");
    size_t size = 1;
    if (list) {
        if (list->kind != GGUF_ARRAY || list->arr.kind != GGUF_STRING ||
            list->arr.count > MAX_MERGES)
            return err_set(e, "%s: tokenizer.ggml.merges must be an array of at most %d strings",
                           gguf_label(g), MAX_MERGES);
        size = table_size((size_t)list->arr.count);
    }
    v->merges = xmalloc(size * sizeof *v->merges);
    v->merges_mask = size - 1;
    for (size_t i = 0; i < size; i++)
        v->merges[i].left = -1;
    struct buf joined = {0};
    struct slice text;
    size_t pos = 0;
    for (uint32_t rank = 0; list && gguf_next_string(list, &pos, &text); rank++)
        add_merge(v, text, rank, &joined);
    buf_free(&joined);
    return true;
}

// ---- Loading ----------------------------------------------------------------------------------

// A numeric array with one element per token, or NULL when absent; false when it is something else.
static bool per_token(const struct vocab *v, const struct gguf *g, const char *key,
                      const struct gguf_value **out, struct err *e)
{
    *out = gguf_find(g, key);
    if (!*out)
        return true;
    bool array = (*out)->kind == GGUF_ARRAY;
    if (!array || (*out)->arr.kind == GGUF_STRING || (*out)->arr.kind == GGUF_ARRAY)
        return err_set(e, "%s: %s must be an array of numbers", gguf_label(g), key);
    if ((*out)->arr.count != (uint64_t)v->count)
        return err_set(e, "%s: %s has %llu entries for %d tokens", gguf_label(g), key,
                       (unsigned long long)(*out)->arr.count, v->count);
    return true;
}

bool vocab_load(struct vocab *v, const struct gguf *g, struct err *e)
{
    const struct gguf_value *list = gguf_find(g, "tokenizer.ggml.tokens"), *scores, *types;
    if (!list || list->kind != GGUF_ARRAY || list->arr.kind != GGUF_STRING)
        return err_set(e, "%s: tokenizer.ggml.tokens (an array of strings) is missing",
                       gguf_label(g));
    if (list->arr.count == 0 || list->arr.count > MAX_TOKENS)
        return err_set(e, "%s: a vocabulary of %llu tokens; 1 to %d are possible", gguf_label(g),
                       (unsigned long long)list->arr.count, MAX_TOKENS);
    v->count = (int)list->arr.count;
    if (!per_token(v, g, "tokenizer.ggml.scores", &scores, e) ||
        !per_token(v, g, "tokenizer.ggml.token_type", &types, e))
        return false;
    v->tokens = xcalloc((size_t)v->count, sizeof *v->tokens);
    size_t pos = 0;
    for (int i = 0; i < v->count; i++) {
        struct token_info *t = &v->tokens[i];
        if (!gguf_next_string(list, &pos, &t->text))
            return err_set(e, "%s: tokenizer.ggml.tokens ends at token %d", gguf_label(g), i);
        t->score = scores ? (float)gguf_array_number(scores, (uint64_t)i) : 0.0f;
        double type = types ? gguf_array_number(types, (uint64_t)i) : TOKEN_NORMAL;
        t->type = type >= TOKEN_NORMAL && type <= TOKEN_BYTE ? (uint8_t)type : TOKEN_NORMAL;
    }
    index_texts(v);
    index_specials(v);
    return load_merges(v, g, e);
}

void vocab_free(struct vocab *v)
{
    free(v->tokens);
    free(v->by_text);
    free(v->trie);
    free(v->merges);
}
