// SPDX-License-Identifier: Apache-2.0
// The table of tensor types. A row that the engine computes with takes its sizes from the block's
// struct, so that the table cannot drift from it; the other types of ggml are known by name only,
// for error messages.
#include "kernels/types.h"

#define Q8_0_WEIGHTS (sizeof(((struct block_q8_0 *)0)->q))     // one byte each
#define Q4_0_WEIGHTS (2 * sizeof(((struct block_q4_0 *)0)->q)) // two in a byte

static const struct tensor_type_info types[] = {
    [TYPE_F32] = {"F32", 1, sizeof(float)},
    [TYPE_F16] = {"F16", 1, sizeof(uint16_t)},
    [TYPE_Q4_0] = {"Q4_0", Q4_0_WEIGHTS, sizeof(struct block_q4_0)},
    [TYPE_Q8_0] = {"Q8_0", Q8_0_WEIGHTS, sizeof(struct block_q8_0)},
    [TYPE_BF16] = {"BF16", 1, sizeof(uint16_t)},
};

// By number; types that ggml has withdrawn keep theirs.
static const char *const names[] = {
    [0] = "F32",     [1] = "F16",         [2] = "Q4_0",        [3] = "Q4_1",        [4] = "Q4_2",
    [5] = "Q4_3",    [6] = "Q5_0",        [7] = "Q5_1",        [8] = "Q8_0",        [9] = "Q8_1",
    [10] = "Q2_K",   [11] = "Q3_K",       [12] = "Q4_K",       [13] = "Q5_K",       [14] = "Q6_K",
    [15] = "Q8_K",   [16] = "IQ2_XXS",    [17] = "IQ2_XS",     [18] = "IQ3_XXS",    [19] = "IQ1_S",
    [20] = "IQ4_NL", [21] = "IQ3_S",      [22] = "IQ2_S",      [23] = "IQ4_XS",     [24] = "I8",
    [25] = "I16",    [26] = "I32",        [27] = "I64",        [28] = "F64",        [29] = "IQ1_M",
    [30] = "BF16",   [31] = "Q4_0_4_4",   [32] = "Q4_0_4_8",   [33] = "Q4_0_8_8",   [34] = "TQ1_0",
    [35] = "TQ2_0",  [36] = "IQ4_NL_4_4", [37] = "IQ4_NL_4_8", [38] = "IQ4_NL_8_8", [39] = "MXFP4",
    [40] = "NVFP4",  [41] = "Q1_0",
};

const struct tensor_type_info *tensor_type_info(uint32_t type)
{
    if (type >= sizeof types / sizeof types[0] || types[type].name == NULL)
        return NULL;
    return &types[type];
}

const char *tensor_type_name(uint32_t type)
{
    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}
