// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the templates: floats in the widest register of the row (vf), and
// products of 32 bytes (vq_*). Only kernels_tmpl.c includes it; everything is static, so no
// instruction leaks into another object.
//
//   VF                floats in a vf            VQ                 partial sums in a vq
//   vf_load/store     unaligned                 vb_load            32 int8
//   vf_from_f16       VF halves to floats       vb_from_nibbles    16 bytes to 32 values of -8..7
//   vf_from_bf16      likewise                  vq_dot             32 products, summed to VQ floats
//   (exact)
#ifndef KERNELS_VEC_H
#define KERNELS_VEC_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define VF 16
#elif defined(__AVX__)
#define VF 8
#else
#define VF 4
#endif

typedef float vf __attribute__((vector_size(VF * 4)));
typedef int32_t vi __attribute__((vector_size(VF * 4)));
typedef uint32_t vu __attribute__((vector_size(VF * 4)));
typedef uint16_t vh __attribute__((vector_size(VF * 2)));

#define VEC_INLINE static inline __attribute__((always_inline, unused))

VEC_INLINE vf vf_load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

VEC_INLINE void vf_store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

VEC_INLINE vf vf_set(float f)
{
    return f - (vf){0};
}

VEC_INLINE float vf_sum(vf v)
{
    float lanes[VF];
    vf_store(lanes, v);
    for (int width = VF / 2; width; width /= 2)
        for (int i = 0; i < width; i++)
            lanes[i] += lanes[i + width];
    return lanes[0];
}

VEC_INLINE vf vf_max(vf a, vf b)
{
    return (vf)(((vi)a & (a > b)) | ((vi)b & ~(a > b)));
}

VEC_INLINE vf vf_from_bf16(const uint16_t *p)
{
    vh h;
    memcpy(&h, p, sizeof h);
    return (vf)(__builtin_convertvector(h, vu) << 16);
}

// Exponent and fraction move into place and the bias is mended by one multiplication (exact,
// denormals included); infinities and NaNs get their full exponent back.
VEC_INLINE vf vf_from_f16_bits(vu h)
{
    vf magnitude = (vf)((h & 0x7fff) << 13) * 0x1p112f;
    vi special = (vi)((h & 0x7fff) >= 0x7c00);
    return (vf)((vu)magnitude | ((vu)special & 0x7f800000) | (h & 0x8000) << 16);
}

// e^x to about 1 ulp for x in [-87, 88]; below, it sinks to about 1e-38; NaN stays NaN.
// x = n ln 2 + r with |r| <= ln(2)/2, then a polynomial (Cephes expf coefficients) and n into the
// exponent.
VEC_INLINE vf vf_exp(vf x)
{
    const vf low = vf_set(-87.33654f), high = vf_set(88.0f), magic = vf_set(0x1.8p23f);
    vf clamped = (vf)(((vi)low & (x < low)) | ((vi)x & ~(x < low)));
    clamped = (vf)(((vi)high & (x > high)) | ((vi)clamped & ~(x > high)));
    vf shifted = clamped * 1.44269504f + magic; // the low bits of the sum are round(x / ln 2)
    vf n = shifted - magic;
    vf r = clamped - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return (vf)((vu)p + ((vu)shifted << 23));
}

#if defined(__x86_64__)
#include "kernels/vec_x86.h"
#else
#include "kernels/vec_arm.h"
#endif

// Round to nearest even. Values of 65520 and more become infinity.
VEC_INLINE uint16_t f16_from_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x7f800000)
        return (uint16_t)(sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00));
    if (magnitude >= 0x477ff000)
        return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) { // below 2^-14: adding 0.5 rounds to units of 2^-24
        float unsigned_value;
        memcpy(&unsigned_value, &magnitude, sizeof magnitude);
        unsigned_value += 0.5f;
        memcpy(&bits, &unsigned_value, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    magnitude += 0xfff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | ((magnitude >> 13) - (112 << 10)));
}

#endif
