// SPDX-License-Identifier: Apache-2.0
// The chain. Candidates are ordered by logit, then by id, so no two are equal and every selection
// algorithm gives the same result. Sums run in candidate order, in double precision.
#include "sampling/pick.h"

#include <math.h>
#include <string.h>

// A fused multiply-add would round differently on the processors that have one.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#define LN2_HIGH 0x1.62e42fee00000p-1 // the upper 32 bits of ln 2: k * LN2_HIGH is exact
#define LN2_LOW 0x1.a39ef35793c76p-33
#define SMALLEST (-700.0) // e^-700 is 1e-304, still a normal number

double pick_weight(double logit, double max)
{
    if (logit == max)
        return 1.0; // also where both are infinite
    double x = logit - max;
    if (!(x > SMALLEST))
        return 0.0;
    // x = k ln 2 + r with |r| <= ln 2 / 2; e^r by its series, whose 15th term is below 2^-53.
    double k = (double)(int)(x / (LN2_HIGH + LN2_LOW) - 0.5);
    double r = x - k * LN2_HIGH - k * LN2_LOW;
    double sum = 1.0;
    for (int term = 14; term > 0; term--)
        sum = 1.0 + sum * r / term;
    uint64_t bits = (uint64_t)((int64_t)k + 1023) << 52; // 2^k
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}

double pick_coin(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return (double)(mix64(*state) >> 11) * 0x1p-53;
}

void pick_gather(const float *logits, int n, struct candidate *out)
{
    for (int i = 0; i < n; i++)
        out[i] = (struct candidate){isnan(logits[i]) ? -INFINITY : logits[i], i};
}

void pick_penalize(struct candidate *c, int n, const int32_t *counts, float penalty)
{
    for (int i = 0; i < n; i++) {
        if (counts[c[i].id] > 0)
            c[i].logit = c[i].logit > 0 ? c[i].logit / penalty : c[i].logit * penalty;
    }
}

static bool above(const struct candidate *a, const struct candidate *b)
{
    return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static const struct candidate *highest(const struct candidate *c, int n)
{
    const struct candidate *best = &c[0];
    for (int i = 1; i < n; i++)
        best = above(&c[i], best) ? &c[i] : best;
    return best;
}

token_id pick_greedy(const struct candidate *c, int n)
{
    return highest(c, n)->id;
}

// ---- Selection ---------------------------------------------------------------------------------

// Restores a heap whose element i may be out of place. With `max` the highest is on top, else the
// lowest.
static void sift(struct candidate *heap, int n, int i, bool max)
{
    struct candidate moved = heap[i];
    for (int child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && above(&heap[child + 1], &heap[child]) == max)
            child++;
        if (above(&heap[child], &moved) != max)
            break;
        heap[i] = heap[child];
    }
    heap[i] = moved;
}

static void heapify(struct candidate *heap, int n, bool max)
{
    for (int i = n / 2 - 1; i >= 0; i--)
        sift(heap, n, i, max);
}

int pick_top_k(struct candidate *c, int n, int k)
{
    if (k > n)
        k = n;
    // The first k as a heap with the lowest on top: each of the others mostly costs one comparison.
    heapify(c, k, false);
    for (int i = k; i < n; i++) {
        if (above(&c[i], &c[0])) {
            c[0] = c[i];
            sift(c, k, 0, false);
        }
    }
    for (int left = k; left > 1;) {
        struct candidate lowest = c[0];
        c[0] = c[--left];
        c[left] = lowest;
        sift(c, left, 0, false);
    }
    return k;
}

int pick_top_p(struct candidate *c, int n, float p)
{
    double max = highest(c, n)->logit, total = 0;
    for (int i = 0; i < n; i++)
        total += pick_weight(c[i].logit, max);
    // Taken one by one from a heap (few are, out of a whole vocabulary), the taken ones collecting
    // behind it, so that reversing the array brings them to the front, highest first.
    heapify(c, n, true);
    double sum = 0;
    int taken = 0;
    while (taken < n && (taken == 0 || sum < (double)p * total)) {
        struct candidate top = c[0];
        int left = n - ++taken;
        c[0] = c[left];
        c[left] = top;
        sift(c, left, 0, true);
        sum += pick_weight(top.logit, max);
    }
    for (int i = 0, k = n - 1; i < k; i++, k--) {
        struct candidate swap = c[i];
        c[i] = c[k];
        c[k] = swap;
    }
    return taken;
}

int pick_min_p(struct candidate *c, int n, float p)
{
    double max = highest(c, n)->logit;
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (pick_weight(c[i].logit, max) >= (double)p)
            c[kept++] = c[i];
    }
    if (kept == 0)
        c[kept++] = *highest(c, n); // p > 1
    return kept;
}

int pick_filter(const struct sampler_options *o, struct candidate *c, int n)
{
    if (o->top_k > 0 && o->top_k < n)
        n = pick_top_k(c, n, o->top_k);
    if (o->top_p < 1.0f)
        n = pick_top_p(c, n, o->top_p);
    if (o->min_p > 0.0f)
        n = pick_min_p(c, n, o->min_p);
    return n;
}

// ---- The draw ----------------------------------------------------------------------------------

token_id pick_draw(const struct candidate *c, int n, float temperature, double coin)
{
    const struct candidate *best = highest(c, n);
    double max = (double)best->logit / temperature, total = 0, sum = 0;
    for (int i = 0; i < n; i++)
        total += pick_weight((double)c[i].logit / temperature, max);
    for (int i = 0; i < n; i++) {
        sum += pick_weight((double)c[i].logit / temperature, max);
        if (sum > coin * total)
            return c[i].id;
    }
    return best->id;
}
