// SPDX-License-Identifier: Apache-2.0
// The state around the pure steps of pick.h: scratch memory, the random state, and how often each
// token occurs among those the penalty looks back on.
#include "sampling/sampler.h"

#include <stdlib.h>
#include <string.h>

#include "sampling/pick.h"

struct sampler {
    struct sampler_options o;
    int vocabulary;
    uint64_t random;
    struct candidate *scratch; // (vocabulary)
    int32_t *counts;           // (vocabulary) occurrences within the window
    token_id *window;          // ring of the last repeat_last_n tokens; NULL when all or none count
    int window_len, window_next;
};

struct sampler_options sampler_defaults(void)
{
    return (struct sampler_options){.temperature = 0.8f,
                                    .top_k = 40,
                                    .top_p = 0.95f,
                                    .min_p = 0.05f,
                                    .repeat_penalty = 1.0f,
                                    .repeat_last_n = 64};
}

struct sampler *sampler_new(const struct sampler_options *o, int vocabulary)
{
    struct sampler *s = xcalloc(1, sizeof *s);
    s->o = *o;
    s->vocabulary = vocabulary;
    s->scratch = xmalloc((size_t)vocabulary * sizeof *s->scratch);
    s->counts = xmalloc((size_t)vocabulary * sizeof *s->counts);
    if (o->repeat_last_n > 0)
        s->window = xmalloc((size_t)o->repeat_last_n * sizeof *s->window);
    s->random = o->seed;
    sampler_reset(s);
    return s;
}

void sampler_free(struct sampler *s)
{
    if (!s)
        return;
    free(s->scratch);
    free(s->counts);
    free(s->window);
    free(s);
}

void sampler_reset(struct sampler *s)
{
    memset(s->counts, 0, (size_t)s->vocabulary * sizeof *s->counts);
    s->window_len = s->window_next = 0;
}

void sampler_accept(struct sampler *s, token_id id)
{
    if (id < 0 || id >= s->vocabulary || s->o.repeat_last_n == 0)
        return;
    if (s->window) {
        if (s->window_len == s->o.repeat_last_n)
            s->counts[s->window[s->window_next]]--;
        else
            s->window_len++;
        s->window[s->window_next] = id;
        s->window_next = (s->window_next + 1) % s->o.repeat_last_n;
    }
    s->counts[id]++;
}

token_id sampler_pick(struct sampler *s, const float *logits)
{
    pick_gather(logits, s->vocabulary, s->scratch);
    if (s->o.repeat_penalty != 1.0f)
        pick_penalize(s->scratch, s->vocabulary, s->counts, s->o.repeat_penalty);
    if (s->o.temperature <= 0.0f)
        return pick_greedy(s->scratch, s->vocabulary);
    int n = pick_filter(&s->o, s->scratch, s->vocabulary);
    return pick_draw(s->scratch, n, s->o.temperature, pick_coin(&s->random));
}
