// SPDX-License-Identifier: Apache-2.0
// A linked list of symbols in an array and a binary heap of the pairs that could be joined. Pairs
// whose symbols have changed since they were queued stay in the heap and are skipped when they
// come up: their length no longer agrees.
#include "tokenizer/merger.h"

#include <stdlib.h>

void merger_add(struct merger *m, size_t start, size_t len, token_id id)
{
    if (m->count == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 64;
        m->symbols = xrealloc(m->symbols, m->cap * sizeof *m->symbols);
    }
    size_t i = m->count++;
    m->symbols[i] = (struct symbol){start, len, i ? i - 1 : MERGER_NONE, MERGER_NONE, id};
    if (i)
        m->symbols[i - 1].next = i;
}

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->rank < b->rank || (a->rank == b->rank && a->left < b->left);
}

static void heap_push(struct merger *m, struct candidate c)
{
    if (m->heap_count == m->heap_cap) {
        m->heap_cap = m->heap_cap ? m->heap_cap * 2 : 64;
        m->heap = xrealloc(m->heap, m->heap_cap * sizeof *m->heap);
    }
    size_t i = m->heap_count++;
    for (; i > 0 && before(&c, &m->heap[(i - 1) / 2]); i = (i - 1) / 2)
        m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = c;
}

static struct candidate heap_pop(struct merger *m)
{
    struct candidate top = m->heap[0], last = m->heap[--m->heap_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= m->heap_count)
            break;
        if (child + 1 < m->heap_count && before(&m->heap[child + 1], &m->heap[child]))
            child++;
        if (!before(&m->heap[child], &last))
            break;
        m->heap[i] = m->heap[child];
        i = child;
    }
    m->heap[i] = last;
    return top;
}

static void offer(struct merger *m, size_t left, size_t right, merger_pair *pair,
                  const void *context)
{
    if (left == MERGER_NONE || right == MERGER_NONE)
        return;
    const struct symbol *a = &m->symbols[left], *b = &m->symbols[right];
    struct candidate c = {.left = left, .right = right, .len = a->len + b->len};
    if (pair(context, a, b, &c.rank, &c.id))
        heap_push(m, c);
}

void merger_run(struct merger *m, merger_pair *pair, const void *context)
{
    for (size_t i = 1; i < m->count; i++)
        offer(m, i - 1, i, pair, context);
    while (m->heap_count) {
        struct candidate c = heap_pop(m);
        struct symbol *a = &m->symbols[c.left], *b = &m->symbols[c.right];
        if (!a->len || !b->len || a->len + b->len != c.len)
            continue;
        a->len = c.len;
        a->id = c.id;
        b->len = 0;
        a->next = b->next;
        if (b->next != MERGER_NONE)
            m->symbols[b->next].prev = c.left;
        offer(m, a->prev, c.left, pair, context);
        offer(m, c.left, a->next, pair, context);
    }
}

void merger_clear(struct merger *m)
{
    m->count = m->heap_count = 0;
}

void merger_free(struct merger *m)
{
    free(m->symbols);
    free(m->heap);
}
