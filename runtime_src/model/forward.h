// SPDX-License-Identifier: Apache-2.0
// The computation of a transformer over one batch of tokens. Private to this room.
#ifndef MODEL_FORWARD_H
#define MODEL_FORWARD_H

#include "model/state.h"

// Fills m->rope_turns.
void forward_prepare(struct model *m);
// Evaluates ids[0..n), n <= s->batch, at positions s->length and up; s->length itself is left to
// the caller. Only the tokens from `first` on are carried to the end (first == n: none), and their
// normed output rows are left in s->h (n - first, embd). False when `stop` asked to end; the cache
// then holds nothing new that counts.
bool forward_run(struct session *s, const token_id *ids, int n, int first, bool (*stop)(void *),
                 void *stop_arg);
// out: (rows, vocab) from rows `row` and up of s->h.
void forward_logits(struct session *s, int row, int rows, float *out);

#endif
