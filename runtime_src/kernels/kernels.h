// SPDX-License-Identifier: Apache-2.0
// The inner loops of the engine behind a table of function pointers. kern_init fills the table in
// layers, from the portable reference upwards; the last layer the processor can run wins. Kernels
// know no file, no thread, no model.
//
// kernels_ref.c defines what is correct. kernels_tmpl.c is compiled once per row of
// toolchain/isa.py with -DISA=row.
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stdint.h>

#include "kernels/types.h"

#define KERN_TYPES 31 // table size: tensor types are indexes below this

// y[j * y_stride + r] = sum over i < k of w[r][i] * x[j][i]   for r < rows, j < n
//   w: (rows, k) of the weight type, rows w_stride bytes apart
//   x: (n, k) of the activation type `kern_activation` names, x_stride bytes apart
//   y: (n, >= rows) floats
// k is a multiple of the weight type's block. Each y depends only on its own row and column, so any
// split of rows or columns gives the same bits.
#define DECL_MUL(name)                                                                             \
    void name(int64_t k, const void *w, size_t w_stride, int64_t rows, const void *x,              \
              size_t x_stride, int64_t n, float *y, int64_t y_stride)

// out: (k) floats from one row of weights
#define DECL_DEQUANTIZE(name) void name(const void *w, int64_t k, float *out)

// out: (k / 32) blocks from x: (k) floats; d = max|x| / 127, rounded half away from zero
#define DECL_QUANTIZE(name) void name(const float *x, int64_t k, struct block_q8_0 *out)

// y[i] = x[i] / sqrt(mean(x^2) + eps) * w[i]     x, w, y: (n); y may be x
#define DECL_RMS_NORM(name)                                                                        \
    void name(const float *x, const float *w, int64_t n, float eps, float *y)

// out[i] = silu(gate[i]) * up[i]                 all (n); out may be gate
#define DECL_SWIGLU(name) void name(const float *gate, const float *up, int64_t n, float *out)

// y[i] += x[i]                                   both (n)
#define DECL_ADD(name) void name(const float *x, int64_t n, float *y)

// One query head over the cache: out = softmax(q . K^T * scale) V
//   q, out: (d)   keys, values: (n, d), rows `stride` floats apart   scores: (n) scratch
#define DECL_ATTEND(name)                                                                          \
    void name(const float *q, const float *keys, const float *values, int64_t n, int64_t stride,   \
              int64_t d, float scale, float *scores, float *out)

// Rotary embedding of one head in place. x: (>= 2 * pairs); cosine, sine: (pairs).
// adjacent: pair i is (x[2i], x[2i+1]); split: (x[i], x[i + pairs])
#define DECL_ROPE(name) void name(float *x, const float *cosine, const float *sine, int64_t pairs)

struct kernels {
    const char *isa;              // the row in use: "ref", "sse2", "avx2", ...
    DECL_MUL((*mul[KERN_TYPES])); // NULL for a type this engine lacks
    DECL_DEQUANTIZE((*dequantize[KERN_TYPES]));
    DECL_QUANTIZE((*quantize_q8_0));
    DECL_RMS_NORM((*rms_norm));
    DECL_SWIGLU((*swiglu));
    DECL_ADD((*add));
    DECL_ATTEND((*attend));
    DECL_ROPE((*rope_adjacent));
    DECL_ROPE((*rope_split));
};

// features: a set of enum cpu_feature. Any set gives a working table, which is how tests reach
// every row.
void kern_init(struct kernels *k, uint32_t features);

// The type activations must have for weights of `type`: TYPE_F32, or TYPE_Q8_0 for the quantised
// ones.
enum tensor_type kern_activation(enum tensor_type type);
// Bytes of n values of `type` (n a multiple of its block).
size_t kern_row_size(enum tensor_type type, int64_t n);

// One function per ISA row that is compiled in; called by kern_init alone.
#define DECL_KERN_ROW(isa) void kern_row_##isa(struct kernels *k)
void kern_init_ref(struct kernels *k);
#if defined(__x86_64__)
DECL_KERN_ROW(sse2);
DECL_KERN_ROW(ssse3);
DECL_KERN_ROW(avx);
DECL_KERN_ROW(avx2);
DECL_KERN_ROW(avx512);
DECL_KERN_ROW(avx512vnni);
#elif defined(__aarch64__)
DECL_KERN_ROW(neon);
DECL_KERN_ROW(dotprod);
DECL_KERN_ROW(i8mm);
#endif

#endif
