// SPDX-License-Identifier: Apache-2.0
// Where the tensors of a model lie in the mapping: found by the rules of its architecture, checked
// in shape and type, never copied.
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H

#include "gguf/gguf.h"
#include "model/hparams.h"

// y = W x + bias
struct matrix {
    const void *data; // (rows, columns) of `type`; NULL when the model has no such tensor
    enum tensor_type type;
    int64_t columns, rows;
    size_t stride;     // bytes per row
    const float *bias; // (rows), or NULL
};

struct layer {
    const float *attn_norm;    // (embd)
    struct matrix attn_q;      // (q, embd)     q  = heads * head
    struct matrix attn_k;      // (kv, embd)    kv = kv_heads * head
    struct matrix attn_v;      // (kv, embd)
    struct matrix attn_output; // (embd, q)
    const float *ffn_norm;     // (embd)
    struct matrix ffn_gate;    // (ff, embd)
    struct matrix ffn_up;      // (ff, embd)
    struct matrix ffn_down;    // (embd, ff)
};

struct weights {
    struct matrix token_embd; // (vocab, embd)
    struct matrix output;     // (vocab, embd); token_embd when tied
    const float *output_norm; // (embd)
    const float *rope_freqs;  // (pairs) divisors of the angles, or NULL
    struct layer *layers;     // (layers), owned
};

// Fills *out; to be freed with weights_free also after a failure.
bool weights_find(const struct gguf *g, const struct arch *arch, const struct hparams *h,
                  struct weights *out, struct err *e);
void weights_free(struct weights *w);

#endif
