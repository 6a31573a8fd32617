// SPDX-License-Identifier: Apache-2.0
// What engine.c and forward.c share: the model, immutable once opened, and the memory of a session.
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "kernels/kernels.h"
#include "model/engine.h"
#include "model/hparams.h"
#include "model/weights.h"
#include "platform/platform.h"
#include "platform/pool.h"

// Tokens evaluated together. More would not make matrices faster, as the weights' share of memory
// traffic is small by then, and would cost buffers.
#define SESSION_BATCH 256

struct model {
    const struct arch *arch;
    struct hparams h;
    struct weights w;
    struct kernels k;
    double *rope_turns; // (pairs) angle of each pair per position, scaling included; owned
};

struct engine {
    struct gguf *gguf;
    struct tokenizer *tokenizer;
    struct model model;
    struct pool *pool;
    struct os_mutex *turn; // held by the session that uses the pool
    struct buf features;   // CPU features found, as text
};

// Sizes: B = SESSION_BATCH or the context if that is smaller; other names as in struct hparams.
struct session {
    struct engine *engine;
    const struct model *m;
    struct pool *pool;
    int context, batch;
    int length;            // positions in the cache
    unsigned char *memory; // all of the arrays below

    // The cache: each head's positions lie together, because attention walks them.
    float *keys, *values; // (layers, kv_heads, context, head)

    float *x;     // (B, embd) residual stream
    float *h;     // (B, embd) its norm, the input of matrices; also their output before it is added
    float *q;     // (B, heads * head)
    float *k, *v; // (B, kv_heads * head)
    float *mix;   // (B, heads * head) what attention gathered
    float *gate;  // (B, ff)
    float *up;    // (B, ff)
    struct block_q8_0 *quants; // (B, longest input / 32) input of quantised matrices
    float *cosine, *sine;      // (B, pairs)
    float *scores;             // (threads, context)
    float *logits;             // (vocab) of the last token
};

#endif
