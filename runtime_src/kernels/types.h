// SPDX-License-Identifier: Apache-2.0
// Tensor types as GGUF numbers them, and the block each is stored in. A row of a tensor is a whole
// number of blocks.
#ifndef KERNELS_TYPES_H
#define KERNELS_TYPES_H

#include <stddef.h>
#include <stdint.h>

enum tensor_type {
    TYPE_F32 = 0,
    TYPE_F16 = 1,
    TYPE_Q4_0 = 2,
    TYPE_Q8_0 = 8,
    TYPE_BF16 = 30,
};

// Q8_0, 32 weights in 34 bytes:   | d f16 | q[0] .. q[31] i8 |          w[i] = d * q[i]
struct block_q8_0 {
    uint16_t d;
    int8_t q[32];
};
_Static_assert(sizeof(struct block_q8_0) == sizeof(uint16_t) + 32 * sizeof(int8_t),
               "q8_0 has no padding");

// Q4_0, 32 weights in 18 bytes:   | d f16 | 16 bytes |         w[i] = d * (nibble i - 8)
// byte i holds nibble i in its low and nibble i+16 in its high half
struct block_q4_0 {
    uint16_t d;
    uint8_t q[16];
};
_Static_assert(sizeof(struct block_q4_0) == sizeof(uint16_t) + 16 * sizeof(uint8_t),
               "q4_0 has no padding");

struct tensor_type_info {
    const char *name;
    int block_weights; // weights per block
    size_t block_size; // bytes per block
};

// NULL for a type this engine lacks.
const struct tensor_type_info *tensor_type_info(uint32_t type);
// The name of any type number ggml has ever defined ("Q4_K"), for messages; NULL when unknown to us
// too.
const char *tensor_type_name(uint32_t type);

#endif
