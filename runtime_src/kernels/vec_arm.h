// SPDX-License-Identifier: Apache-2.0
// aarch64 part of the vocabulary; see vec.h. The neon row multiplies bytes into 16 bits, the
// dotprod and i8mm rows use SDOT.
#ifndef KERNELS_VEC_ARM_H
#define KERNELS_VEC_ARM_H

#include <arm_neon.h>

VEC_INLINE vf vf_from_f16(const uint16_t *p)
{
    return (vf)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}

VEC_INLINE float f16_to_float(uint16_t h)
{
    __fp16 value;
    memcpy(&value, &h, sizeof h);
    return value;
}

#define VQ 4
typedef float32x4_t vq;
typedef int8x16x2_t vb;

VEC_INLINE vq vq_zero(void)
{
    return vdupq_n_f32(0);
}

VEC_INLINE vb vb_load(const int8_t *p)
{
    return (vb){{vld1q_s8(p), vld1q_s8(p + 16)}};
}

VEC_INLINE vb vb_from_nibbles(const uint8_t *p)
{
    uint8x16_t bytes = vld1q_u8(p);
    int8x16_t eight = vdupq_n_s8(8);
    return (vb){{vsubq_s8(vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(15))), eight),
                 vsubq_s8(vreinterpretq_s8_u8(vshrq_n_u8(bytes, 4)), eight)}};
}

VEC_INLINE int32x4_t dot16(int32x4_t sum, int8x16_t a, int8x16_t b)
{
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sum, a, b);
#else
    // Two products of at most 128 * 127 fit into 16 bits.
    int16x8_t pairs = vmull_s8(vget_low_s8(a), vget_low_s8(b));
    pairs = vmlal_s8(pairs, vget_high_s8(a), vget_high_s8(b));
    return vpadalq_s16(sum, pairs);
#endif
}

VEC_INLINE vq vq_dot(vb a, vb b)
{
    int32x4_t sum = dot16(vdupq_n_s32(0), a.val[0], b.val[0]);
    return vcvtq_f32_s32(dot16(sum, a.val[1], b.val[1]));
}

VEC_INLINE vq vq_add_scaled(vq sum, float scale, vq v)
{
    return vfmaq_n_f32(sum, v, scale);
}

VEC_INLINE float vq_sum(vq v)
{
    return vaddvq_f32(v);
}

#endif
