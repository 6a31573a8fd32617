// SPDX-License-Identifier: Apache-2.0
// From logits to a token: repeat penalty, top-k, top-p, min-p, temperature, in llama-server's
// default order. Reproducible: one seed gives one sequence on every system.
#ifndef SAMPLING_SAMPLER_H
#define SAMPLING_SAMPLER_H

#include "base/base.h"
#include "tokenizer/tokenizer.h"

struct sampler_options {
    float temperature;    // 0 = greedy (the highest logit, the lowest id on ties)
    int top_k;            // 0 = all
    float top_p;          // 1 = off
    float min_p;          // 0 = off
    float repeat_penalty; // 1 = off
    int repeat_last_n;    // tokens looked back, 0 = none, -1 = all
    uint64_t seed;
};

// llama-server's: temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, no penalty, 64 tokens back;
// seed 0.
struct sampler_options sampler_defaults(void);

struct sampler;

struct sampler *sampler_new(const struct sampler_options *o, int vocabulary);
void sampler_free(struct sampler *s);
// logits: (vocabulary), unchanged. NaNs count as minus infinity.
token_id sampler_pick(struct sampler *s, const float *logits);
void sampler_accept(struct sampler *s,
                    token_id id); // what the penalty looks back on; prompt tokens too
// Forgets what was accepted. The random choices go on: the next answer to the same question may be
// another one.
void sampler_reset(struct sampler *s);

#endif
