// SPDX-License-Identifier: Apache-2.0
// Kernels for one ISA row: compiled once per row of toolchain/isa.py with -DISA=<row> and that
// row's compiler flags. Parameters: ISA, the row's name; everything else follows from the
// compiler's own feature macros through vec.h. An object built from this file may run only where
// its row's features exist, so it includes nothing but vec.h and kernels.h and defines nothing
// extern but kern_row_<ISA>.
#include "kernels/kernels.h"
#include "kernels/vec.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

#define QUANT 32  // weights per block of Q8_0 and Q4_0
#define COLUMNS 4 // activations that share one pass over the weights

// A loop over registers, gone after compilation.
#define EACH(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)

// ---- Products: tiles of R rows and C columns held in registers ------------------------------
//
// Each element of a tile has its own accumulator and walks k in the same order whatever R and C
// are, so the result does not depend on how rows and columns are split.

struct operands {
    int64_t k;
    const char *w, *x; // the tile's first row and first column
    size_t w_stride, x_stride;
    float *y;
    int64_t y_stride;
};

#define DEFINE_TILE_FLOAT(name, weight_t, load, value)                                             \
    VEC_INLINE void name(const struct operands *o, const int R, const int C)                       \
    {                                                                                              \
        vf sum[COLUMNS][COLUMNS] = {{{0}}};                                                        \
        int64_t i = 0;                                                                             \
        for (; i + VF <= o->k; i += VF) {                                                          \
            vf x[COLUMNS];                                                                         \
            EACH (c, C)                                                                            \
                x[c] = vf_load((const float *)(const void *)(o->x + (size_t)c * o->x_stride) + i); \
            EACH (r, R) {                                                                          \
                vf w = load((const weight_t *)(const void *)(o->w + (size_t)r * o->w_stride) + i); \
                EACH (c, C)                                                                        \
                    sum[r][c] += w * x[c];                                                         \
            }                                                                                      \
        }                                                                                          \
        EACH (r, R) {                                                                              \
            const weight_t *w = (const weight_t *)(const void *)(o->w + (size_t)r * o->w_stride);  \
            EACH (c, C) {                                                                          \
                const float *x = (const float *)(const void *)(o->x + (size_t)c * o->x_stride);    \
                float total = vf_sum(sum[r][c]);                                                   \
                for (int64_t m = i; m < o->k; m++)                                                 \
                    total += value(w[m]) * x[m];                                                   \
                o->y[c * o->y_stride + r] = total;                                                 \
            }                                                                                      \
        }                                                                                          \
    }

#define DEFINE_TILE_QUANT(name, block_t, load)                                                     \
    VEC_INLINE void name(const struct operands *o, const int R, const int C)                       \
    {                                                                                              \
        vq sum[COLUMNS][COLUMNS];                                                                  \
        EACH (r, R)                                                                                \
            EACH (c, C)                                                                            \
                sum[r][c] = vq_zero();                                                             \
        for (int64_t b = 0; b < o->k / QUANT; b++) {                                               \
            vb x[COLUMNS];                                                                         \
            float x_scale[COLUMNS];                                                                \
            EACH (c, C) {                                                                          \
                const struct block_q8_0 *block =                                                   \
                    (const struct block_q8_0 *)(const void *)(o->x + (size_t)c * o->x_stride) + b; \
                x[c] = vb_load(block->q);                                                          \
                x_scale[c] = f16_to_float(block->d);                                               \
            }                                                                                      \
            EACH (r, R) {                                                                          \
                const block_t *block =                                                             \
                    (const block_t *)(const void *)(o->w + (size_t)r * o->w_stride) + b;           \
                vb w = load(block->q);                                                             \
                float w_scale = f16_to_float(block->d);                                            \
                EACH (c, C)                                                                        \
                    sum[r][c] = vq_add_scaled(sum[r][c], w_scale * x_scale[c], vq_dot(w, x[c]));   \
            }                                                                                      \
        }                                                                                          \
        EACH (r, R)                                                                                \
            EACH (c, C)                                                                            \
                o->y[c * o->y_stride + r] = vq_sum(sum[r][c]);                                     \
    }

// Walks the whole product in tiles: 2 x 4 while four columns are left, 4 x 1 for single columns.
#define DEFINE_MUL(type, weight_t)                                                                 \
    static DECL_MUL(mul_##type)                                                                    \
    {                                                                                              \
        for (int64_t j = 0; j < n;) {                                                              \
            int columns = n - j >= COLUMNS ? COLUMNS : 1, height = columns == 1 ? 4 : 2;           \
            for (int64_t r = 0; r < rows;) {                                                       \
                struct operands o = {k,                                                            \
                                     (const char *)w + (size_t)r * w_stride,                       \
                                     (const char *)x + (size_t)j * x_stride,                       \
                                     w_stride,                                                     \
                                     x_stride,                                                     \
                                     y + j * y_stride + r,                                         \
                                     y_stride};                                                    \
                int taken = rows - r >= height ? height : 1;                                       \
                if (columns == 1 && taken == 4)                                                    \
                    tile_##type(&o, 4, 1);                                                         \
                else if (columns == 1)                                                             \
                    tile_##type(&o, 1, 1);                                                         \
                else if (taken == 2)                                                               \
                    tile_##type(&o, 2, COLUMNS);                                                   \
                else                                                                               \
                    tile_##type(&o, 1, COLUMNS);                                                   \
                r += taken;                                                                        \
            }                                                                                      \
            j += columns;                                                                          \
        }                                                                                          \
    }

VEC_INLINE float f32_to_float(float f)
{
    return f;
}

VEC_INLINE float bf16_to_float(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

DEFINE_TILE_FLOAT(tile_f32, float, vf_load, f32_to_float)
DEFINE_TILE_FLOAT(tile_f16, uint16_t, vf_from_f16, f16_to_float)
DEFINE_TILE_FLOAT(tile_bf16, uint16_t, vf_from_bf16, bf16_to_float)
DEFINE_TILE_QUANT(tile_q8_0, struct block_q8_0, vb_load)
DEFINE_TILE_QUANT(tile_q4_0, struct block_q4_0, vb_from_nibbles)

DEFINE_MUL(f32, float)
DEFINE_MUL(f16, uint16_t)
DEFINE_MUL(bf16, uint16_t)
DEFINE_MUL(q8_0, struct block_q8_0)
DEFINE_MUL(q4_0, struct block_q4_0)

// ---- Activations ----------------------------------------------------------------------------

static DECL_QUANTIZE(quantize_q8_0)
{
    for (int64_t b = 0; b < k / QUANT; b++, x += QUANT) {
        float largest = 0;
        for (int i = 0; i < QUANT; i++) {
            float magnitude = __builtin_fabsf(x[i]);
            largest = magnitude > largest ? magnitude : largest;
        }
        float d = largest / 127;
        float inverse = d > 0 ? 1 / d : 0;
        out[b].d = f16_from_float(d);
        // Half away from zero: truncation after adding the largest float below one half with x's
        // sign.
        for (int i = 0; i < QUANT; i++) {
            float v = x[i] * inverse;
            out[b].q[i] = (int8_t)(int32_t)(v + __builtin_copysignf(0x1.fffffep-2f, v));
        }
    }
}

static DECL_RMS_NORM(rms_norm)
{
    vf sums = {0};
    int64_t i = 0;
    for (; i + VF <= n; i += VF)
        sums += vf_load(x + i) * vf_load(x + i);
    float sum = vf_sum(sums);
    for (; i < n; i++)
        sum += x[i] * x[i];
    float scale = 1 / __builtin_sqrtf(sum / (float)n + eps);
    for (i = 0; i < n; i++)
        y[i] = x[i] * scale * w[i];
}

static DECL_SWIGLU(swiglu)
{
    int64_t i = 0;
    for (; i + VF <= n; i += VF) {
        vf g = vf_load(gate + i);
        vf_store(out + i, g / (1.0f + vf_exp(-g)) * vf_load(up + i));
    }
    if (i < n) {
        float g[VF] = {0}, u[VF] = {0};
        memcpy(g, gate + i, (size_t)(n - i) * sizeof *g);
        memcpy(u, up + i, (size_t)(n - i) * sizeof *u);
        vf v = vf_load(g);
        vf_store(g, v / (1.0f + vf_exp(-v)) * vf_load(u));
        memcpy(out + i, g, (size_t)(n - i) * sizeof *g);
    }
}

static DECL_ADD(add)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += x[i];
}

// ---- Attention ------------------------------------------------------------------------------

VEC_INLINE float dot_f32(const float *a, const float *b, int64_t n)
{
    vf sum = {0}, more = {0};
    int64_t i = 0;
    for (; i + 2 * VF <= n; i += 2 * VF) {
        sum += vf_load(a + i) * vf_load(b + i);
        more += vf_load(a + i + VF) * vf_load(b + i + VF);
    }
    for (; i + VF <= n; i += VF)
        sum += vf_load(a + i) * vf_load(b + i);
    float total = vf_sum(sum + more);
    for (; i < n; i++)
        total += a[i] * b[i];
    return total;
}

// x: (n) scores become exp(x - largest); returns their sum.
VEC_INLINE float exp_and_sum(float *x, int64_t n, float largest)
{
    vf sums = {0}, top = vf_set(largest);
    int64_t i = 0;
    for (; i + VF <= n; i += VF) {
        vf e = vf_exp(vf_load(x + i) - top);
        vf_store(x + i, e);
        sums += e;
    }
    float total = vf_sum(sums);
    for (; i < n; i++) {
        float lane[VF];
        vf_store(lane, vf_exp(vf_set(x[i] - largest)));
        x[i] = lane[0];
        total += lane[0];
    }
    return total;
}

static DECL_ATTEND(attend)
{
    float largest = -__builtin_inff();
    for (int64_t t = 0; t < n; t++) {
        scores[t] = dot_f32(q, keys + t * stride, d) * scale;
        largest = scores[t] > largest ? scores[t] : largest;
    }
    float inverse = 1 / exp_and_sum(scores, n, largest);
    memset(out, 0, (size_t)d * sizeof *out);
    for (int64_t t = 0; t < n; t++) {
        const float *v = values + t * stride;
        float weight = scores[t] * inverse;
        for (int64_t i = 0; i < d; i++)
            out[i] += weight * v[i];
    }
}

static DECL_ROPE(rope_split)
{
    for (int64_t i = 0; i < pairs; i++) {
        float a = x[i], b = x[i + pairs];
        x[i] = a * cosine[i] - b * sine[i];
        x[i + pairs] = a * sine[i] + b * cosine[i];
    }
}

// Dequantisation and the adjacent rope stay the reference's: they touch one row per token.

void PASTE(kern_row_, ISA)(struct kernels *k)
{
    k->isa = TEXT(ISA);
    k->mul[TYPE_F32] = mul_f32;
    k->mul[TYPE_F16] = mul_f16;
    k->mul[TYPE_BF16] = mul_bf16;
    k->mul[TYPE_Q8_0] = mul_q8_0;
    k->mul[TYPE_Q4_0] = mul_q4_0;
    k->quantize_q8_0 = quantize_q8_0;
    k->rms_norm = rms_norm;
    k->swiglu = swiglu;
    k->add = add;
    k->attend = attend;
    k->rope_split = rope_split;
}
