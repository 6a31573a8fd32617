// SPDX-License-Identifier: Apache-2.0
// An architecture is a row of data: how positions are rotated, which norm and activation it uses,
// and which tensors a file must hold, with the shapes they must have. What a row leaves out (an
// optional tensor) the forward pass leaves out. Adding a family is adding a row, and a slot, a kind
// or a branch of forward.c for what is new in it.
#ifndef MODEL_ARCH_H
#define MODEL_ARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

enum rope_layout {
    ROPE_ADJACENT, // pair i of a head is (x[2i], x[2i+1])
    ROPE_SPLIT,    // pair i is (x[i], x[i + pairs])
};

enum norm_kind {
    NORM_RMS, // x / sqrt(mean(x^2) + eps) * w
};

enum activation {
    ACT_SWIGLU, // silu(gate(x)) * up(x)
};

// The length of a tensor's side, by the number that determines it.
enum dim {
    DIM_ONE,   // rows of a vector
    DIM_EMBD,  // width of the residual stream
    DIM_VOCAB, // tokens
    DIM_Q,     // query heads x head
    DIM_KV,    // key and value heads x head
    DIM_FF,    // width of the feed-forward block
    DIM_PAIRS, // rotated pairs of a head
    DIM_COUNT
};

// One kind of tensor. DIM_ONE rows make it a vector, stored as `const float *` in its slot, else
// the slot is a `struct matrix` (weights.h).
struct tensor_rule {
    const char *name; // "%d" is the layer
    size_t slot;      // offset in struct layer where the name has a "%d", else in struct weights
    enum dim columns, rows;
    bool optional;
};

struct arch {
    const char *name; // general.architecture
    enum rope_layout rope;
    enum norm_kind norm;
    enum activation activation;
    const struct tensor_rule *tensors; // ends with a row without a name
};

// NULL when this build has no such row.
const struct arch *arch_find(struct slice name);
// The names of all rows, comma-separated, for messages.
void arch_names(struct buf *out);

#endif
