// SPDX-License-Identifier: Apache-2.0
// The definition of correct: no tricks, double accumulators, preconditions first. Every other row
// is tested against this one. It also serves the operations that no row has overwritten.
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

#define QUANT 32 // weights per block of Q8_0 and Q4_0

// ---- Values of one row ----------------------------------------------------------------------

static float f16_value(uint16_t h)
{
    uint32_t sign = h >> 15, exponent = h >> 10 & 31, fraction = h & 1023;
    double magnitude;
    if (exponent == 31)
        magnitude = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        magnitude = ldexp(fraction, -24);
    else
        magnitude = ldexp(1024 + fraction, (int)exponent - 25);
    return (float)(sign ? -magnitude : magnitude);
}

static float bf16_value(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static DECL_DEQUANTIZE(dequantize_f32)
{
    memcpy(out, w, (size_t)k * sizeof *out);
}

static DECL_DEQUANTIZE(dequantize_f16)
{
    const uint16_t *h = w;
    for (int64_t i = 0; i < k; i++)
        out[i] = f16_value(h[i]);
}

static DECL_DEQUANTIZE(dequantize_bf16)
{
    const uint16_t *h = w;
    for (int64_t i = 0; i < k; i++)
        out[i] = bf16_value(h[i]);
}

static DECL_DEQUANTIZE(dequantize_q8_0)
{
    assert(k % QUANT == 0);
    const struct block_q8_0 *block = w;
    for (int64_t i = 0; i < k; i++)
        out[i] = f16_value(block[i / QUANT].d) * block[i / QUANT].q[i % QUANT];
}

static DECL_DEQUANTIZE(dequantize_q4_0)
{
    assert(k % QUANT == 0);
    const struct block_q4_0 *block = w;
    for (int64_t i = 0; i < k; i++) {
        int at = (int)(i % QUANT);
        uint8_t byte = block[i / QUANT].q[at % 16];
        out[i] = f16_value(block[i / QUANT].d) * ((at < 16 ? byte & 15 : byte >> 4) - 8);
    }
}

// ---- Products -------------------------------------------------------------------------------
// Both operands are turned into floats a block at a time; the sum is a double.
static void multiply(DECL_DEQUANTIZE((*weights)), DECL_DEQUANTIZE((*activations)), size_t w_block,
                     size_t x_block, int64_t k, const void *w, size_t w_stride, int64_t rows,
                     const void *x, size_t x_stride, int64_t n, float *y, int64_t y_stride)
{
    for (int64_t j = 0; j < n; j++) {
        for (int64_t r = 0; r < rows; r++) {
            const char *row = (const char *)w + (size_t)r * w_stride;
            const char *column = (const char *)x + (size_t)j * x_stride;
            double sum = 0;
            for (int64_t i = 0; i < k; i += QUANT) {
                int64_t length = k - i < QUANT ? k - i : QUANT;
                float a[QUANT], b[QUANT];
                weights(row + (size_t)(i / QUANT) * w_block, length, a);
                activations(column + (size_t)(i / QUANT) * x_block, length, b);
                for (int64_t m = 0; m < length; m++)
                    sum += (double)a[m] * b[m];
            }
            y[j * y_stride + r] = (float)sum;
        }
    }
}

#define DEFINE_MUL(type, weight_block, act, act_block)                                             \
    static DECL_MUL(mul_##type)                                                                    \
    {                                                                                              \
        multiply(dequantize_##type, dequantize_##act, weight_block, act_block, k, w, w_stride,     \
                 rows, x, x_stride, n, y, y_stride);                                               \
    }

DEFINE_MUL(f32, QUANT * sizeof(float), f32, QUANT * sizeof(float))
DEFINE_MUL(f16, QUANT * sizeof(uint16_t), f32, QUANT * sizeof(float))
DEFINE_MUL(bf16, QUANT * sizeof(uint16_t), f32, QUANT * sizeof(float))
DEFINE_MUL(q8_0, sizeof(struct block_q8_0), q8_0, sizeof(struct block_q8_0))
DEFINE_MUL(q4_0, sizeof(struct block_q4_0), q8_0, sizeof(struct block_q8_0))

// ---- Everything else ------------------------------------------------------------------------
// Round to nearest even, as IEEE 754 conversion does.
static uint16_t f16_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint16_t sign = bits >> 16 & 0x8000;
    double magnitude = fabs((double)f);
    if (!(magnitude < 65520)) // rounds up to infinity; NaN too
        return sign | (magnitude != magnitude ? 0x7e00 : 0x7c00);
    int exponent;
    frexp(magnitude, &exponent); // magnitude = m * 2^exponent, m in [0.5, 1)
    if (exponent < -13)
        exponent = -13; // denormal: units of 2^-24
    double units = magnitude * ldexp(1, 11 - exponent);
    double rounded = nearbyint(units);
    if (rounded == 2048) {
        rounded = 1024;
        exponent++;
    }
    if (rounded < 1024)
        return sign | (uint16_t)rounded;
    return sign | (uint16_t)((exponent + 14) << 10) | (uint16_t)(rounded - 1024);
}

static DECL_QUANTIZE(quantize_q8_0)
{
    assert(k % QUANT == 0);
    for (int64_t b = 0; b < k / QUANT; b++, x += QUANT) {
        float largest = 0;
        for (int i = 0; i < QUANT; i++)
            largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
        float d = largest / 127;
        float inverse = d > 0 ? 1 / d : 0;
        out[b].d = f16_bits(d);
        for (int i = 0; i < QUANT; i++)
            out[b].q[i] = (int8_t)roundf(x[i] * inverse);
    }
}

static DECL_RMS_NORM(rms_norm)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    float scale = (float)(1 / sqrt(sum / (double)n + (double)eps));
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * scale * w[i];
}

static DECL_SWIGLU(swiglu)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)((double)gate[i] / (1 + exp(-(double)gate[i])) * (double)up[i]);
}

static DECL_ADD(add)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += x[i];
}

static DECL_ATTEND(attend)
{
    assert(n > 0);
    float largest = -INFINITY;
    for (int64_t t = 0; t < n; t++) {
        double dot = 0;
        for (int64_t i = 0; i < d; i++)
            dot += (double)q[i] * keys[t * stride + i];
        scores[t] = (float)(dot * (double)scale);
        largest = scores[t] > largest ? scores[t] : largest;
    }
    double total = 0;
    for (int64_t t = 0; t < n; t++)
        total += exp((double)scores[t] - (double)largest);
    for (int64_t i = 0; i < d; i++) {
        double sum = 0;
        for (int64_t t = 0; t < n; t++)
            sum += exp((double)scores[t] - (double)largest) * values[t * stride + i];
        out[i] = (float)(sum / total);
    }
}

static DECL_ROPE(rope_adjacent)
{
    for (int64_t i = 0; i < pairs; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = a * cosine[i] - b * sine[i];
        x[2 * i + 1] = a * sine[i] + b * cosine[i];
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

void kern_init_ref(struct kernels *k)
{
    *k = (struct kernels){
        .isa = "ref",
        .mul = {[TYPE_F32] = mul_f32,
                [TYPE_F16] = mul_f16,
                [TYPE_BF16] = mul_bf16,
                [TYPE_Q8_0] = mul_q8_0,
                [TYPE_Q4_0] = mul_q4_0},
        .dequantize = {[TYPE_F32] = dequantize_f32,
                       [TYPE_F16] = dequantize_f16,
                       [TYPE_BF16] = dequantize_bf16,
                       [TYPE_Q8_0] = dequantize_q8_0,
                       [TYPE_Q4_0] = dequantize_q4_0},
        .quantize_q8_0 = quantize_q8_0,
        .rms_norm = rms_norm,
        .swiglu = swiglu,
        .add = add,
        .attend = attend,
        .rope_adjacent = rope_adjacent,
        .rope_split = rope_split,
    };
}
