// SPDX-License-Identifier: Apache-2.0
// The rows. Tensor names are those of the gguf specification.
#include "model/arch.h"

#include "model/weights.h"

#define TOP(name, slot, columns, rows, optional)                                                   \
    {name, offsetof(struct weights, slot), columns, rows, optional}
#define BLK(name, slot, columns, rows, optional)                                                   \
    {"blk.%d." name, offsetof(struct layer, slot), columns, rows, optional}

// Llama 1 to 3.x, Mistral, TinyLlama, SmolLM2 and whatever was converted to their form.
static const struct tensor_rule llama_tensors[] = {
    TOP("token_embd.weight", token_embd, DIM_EMBD, DIM_VOCAB, false),
    TOP("output_norm.weight", output_norm, DIM_EMBD, DIM_ONE, false),
    TOP("output.weight", output, DIM_EMBD, DIM_VOCAB, true), // else token_embd serves
    TOP("rope_freqs.weight", rope_freqs, DIM_PAIRS, DIM_ONE, true),
    BLK("attn_norm.weight", attn_norm, DIM_EMBD, DIM_ONE, false),
    BLK("attn_q.weight", attn_q, DIM_EMBD, DIM_Q, false),
    BLK("attn_q.bias", attn_q.bias, DIM_Q, DIM_ONE, true),
    BLK("attn_k.weight", attn_k, DIM_EMBD, DIM_KV, false),
    BLK("attn_k.bias", attn_k.bias, DIM_KV, DIM_ONE, true),
    BLK("attn_v.weight", attn_v, DIM_EMBD, DIM_KV, false),
    BLK("attn_v.bias", attn_v.bias, DIM_KV, DIM_ONE, true),
    BLK("attn_output.weight", attn_output, DIM_Q, DIM_EMBD, false),
    BLK("attn_output.bias", attn_output.bias, DIM_EMBD, DIM_ONE, true),
    BLK("ffn_norm.weight", ffn_norm, DIM_EMBD, DIM_ONE, false),
    BLK("ffn_gate.weight", ffn_gate, DIM_EMBD, DIM_FF, false),
    BLK("ffn_gate.bias", ffn_gate.bias, DIM_FF, DIM_ONE, true),
    BLK("ffn_up.weight", ffn_up, DIM_EMBD, DIM_FF, false),
    BLK("ffn_up.bias", ffn_up.bias, DIM_FF, DIM_ONE, true),
    BLK("ffn_down.weight", ffn_down, DIM_FF, DIM_EMBD, false),
    BLK("ffn_down.bias", ffn_down.bias, DIM_EMBD, DIM_ONE, true),
    {0},
};

static const struct arch archs[] = {
    {"llama", ROPE_ADJACENT, NORM_RMS, ACT_SWIGLU, llama_tensors},
};

#define N_ARCHS (sizeof archs / sizeof archs[0])

const struct arch *arch_find(struct slice name)
{
    for (size_t i = 0; i < N_ARCHS; i++)
        if (slice_is(name, archs[i].name))
            return &archs[i];
    return NULL;
}

void arch_names(struct buf *out)
{
    for (size_t i = 0; i < N_ARCHS; i++)
        buf_printf(out, "%s%s", i > 0 ? ", " : "", archs[i].name);
}
