// SPDX-License-Identifier: Apache-2.0
// The numbers of a model, from the metadata, each within its limits.
#ifndef MODEL_HPARAMS_H
#define MODEL_HPARAMS_H

#include "gguf/gguf.h"
#include "model/arch.h"

// Above the largest published models (Llama 3.1 405B: 126 layers, 16384 wide, 53248 feed-forward,
// 128 heads of 128; vocabularies of 262144; contexts of 10 million), and low enough that the bytes
// of a cache, 8 * layers * context * width, stay below 2^59.
#define HPARAMS_MAX_LAYERS (1 << 10)
#define HPARAMS_MAX_WIDTH (1 << 20)
#define HPARAMS_MAX_HEADS 4096
#define HPARAMS_MAX_HEAD 4096
#define HPARAMS_MAX_VOCAB (1 << 24)
#define HPARAMS_MAX_CONTEXT (1 << 26)

struct hparams {
    int layers;
    int embd;            // width of the residual stream
    int ff;              // width of the feed-forward block
    int heads, kv_heads; // query heads; each key/value head serves heads / kv_heads of them
    int head;            // values per head, of queries, keys and values alike
    int pairs;           // rotated pairs per head; the rest of a head is left as it is
    int vocab;           // rows of the token table
    int context;         // positions the model was trained on
    int window;          // a position sees this many latest ones, itself included; 0 = all
    float eps;           // of the norms
    float attn_scale;    // of the scores before the softmax
    double rope_base;    // pair i turns by position / rope_factor * rope_base^(-i / pairs)
    double rope_factor;
};

// The row for general.architecture; NULL and *e when there is none.
const struct arch *hparams_arch(const struct gguf *g, struct err *e);
bool hparams_read(const struct gguf *g, const struct arch *arch, struct hparams *out,
                  struct err *e);
// What a side of a tensor must measure.
int64_t hparams_dim(const struct hparams *h, enum dim dim);

#endif
