// SPDX-License-Identifier: Apache-2.0
// The steps of sampling as pure functions: what they decide depends on their arguments alone, the
// random number included.
#ifndef SAMPLING_PICK_H
#define SAMPLING_PICK_H

#include "sampling/sampler.h"

struct candidate {
    float logit;
    token_id id;
};

// out[i] = token i with its logit; NaN becomes minus infinity.
void pick_gather(const float *logits, int n, struct candidate *out);
// Logits of tokens with counts[id] > 0 move down: divided by `penalty` when positive, else
// multiplied.
void pick_penalize(struct candidate *c, int n, const int32_t *counts, float penalty);
// The highest logit; the lowest id on ties.
token_id pick_greedy(const struct candidate *c, int n);

// Each keeps some of n candidates, moves them to the front and returns how many: at least one.
// The `k` highest, highest first (lower id first on ties).
int pick_top_k(struct candidate *c, int n, int k);
// The fewest highest ones whose probabilities add up to `p`, highest first.
int pick_top_p(struct candidate *c, int n, float p);
// Those with at least `p` times the probability of the most probable; order unchanged.
int pick_min_p(struct candidate *c, int n, float p);
// The three above in this order, each unless switched off.
int pick_filter(const struct sampler_options *o, struct candidate *c, int n);

// Draws by probability at a temperature > 0. `coin` in [0, 1) selects along the candidates' order.
token_id pick_draw(const struct candidate *c, int n, float temperature, double coin);

// e^(logit - max) to double precision, from IEEE additions and multiplications only; 0 when tiny.
double pick_weight(double logit, double max);

// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, period 2^64. Returns a number in [0, 1).
double pick_coin(uint64_t *state);

#endif
