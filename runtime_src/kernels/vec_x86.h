// SPDX-License-Identifier: Apache-2.0
// x86-64 part of the vocabulary; see vec.h. Rows differ in how wide the byte products are:
//   sse2          sign-extend, 16-bit multiply-add                  2 x 16 bytes
//   ssse3, avx    |a| * sign(b, a) by maddubs                       2 x 16 bytes
//   avx2, avx512  likewise                                          32 bytes
//   avx512vnni    vpdpbusd                                          32 bytes
#ifndef KERNELS_VEC_X86_H
#define KERNELS_VEC_X86_H

#include <immintrin.h>

VEC_INLINE vf vf_from_f16(const uint16_t *p)
{
#if defined(__AVX512F__)
    return (vf)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
#elif defined(__F16C__)
    return (vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
#else
    vh h;
    memcpy(&h, p, sizeof h);
    return vf_from_f16_bits(__builtin_convertvector(h, vu));
#endif
}

#if defined(__F16C__)
VEC_INLINE float f16_to_float(uint16_t h)
{
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(h)));
}
#else
VEC_INLINE float f16_to_float(uint16_t h)
{
    uint32_t bits = (uint32_t)(h & 0x7fff) << 13;
    float magnitude;
    memcpy(&magnitude, &bits, sizeof bits);
    magnitude *= 0x1p112f;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= ((h & 0x7fff) >= 0x7c00 ? 0x7f800000u : 0u) | (uint32_t)(h & 0x8000) << 16;
    memcpy(&magnitude, &bits, sizeof bits);
    return magnitude;
}
#endif

#if defined(__AVX2__)

#define VQ 8
typedef __m256 vq;
typedef __m256i vb;

VEC_INLINE vq vq_zero(void)
{
    return _mm256_setzero_ps();
}

VEC_INLINE vb vb_load(const int8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

VEC_INLINE vb vb_from_nibbles(const uint8_t *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m256i both = _mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes);
    return _mm256_sub_epi8(_mm256_and_si256(both, _mm256_set1_epi8(15)), _mm256_set1_epi8(8));
}

// |a| is unsigned, so a = -128 is right; b comes from our own quantisation and lies in -127..127.
VEC_INLINE vq vq_dot(vb a, vb b)
{
    __m256i magnitude = _mm256_sign_epi8(a, a), other = _mm256_sign_epi8(b, a);
#if defined(__AVX512VNNI__)
    __m256i sums = _mm256_dpbusd_epi32(_mm256_setzero_si256(), magnitude, other);
#else
    __m256i pairs = _mm256_maddubs_epi16(magnitude, other);
    __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#endif
    return _mm256_cvtepi32_ps(sums);
}

VEC_INLINE vq vq_add_scaled(vq sum, float scale, vq v)
{
    return _mm256_fmadd_ps(_mm256_set1_ps(scale), v, sum);
}

VEC_INLINE float vq_sum(vq v)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

#else

#define VQ 4
typedef __m128 vq;
typedef struct {
    __m128i low, high;
} vb;

VEC_INLINE vq vq_zero(void)
{
    return _mm_setzero_ps();
}

VEC_INLINE vb vb_load(const int8_t *p)
{
    const __m128i *q = (const __m128i *)(const void *)p;
    return (vb){_mm_loadu_si128(q), _mm_loadu_si128(q + 1)};
}

VEC_INLINE vb vb_from_nibbles(const uint8_t *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i mask = _mm_set1_epi8(15), eight = _mm_set1_epi8(8);
    return (vb){_mm_sub_epi8(_mm_and_si128(bytes, mask), eight),
                _mm_sub_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), mask), eight)};
}

VEC_INLINE __m128i dot16(__m128i a, __m128i b)
{
#if defined(__SSSE3__)
    __m128i pairs = _mm_maddubs_epi16(_mm_sign_epi8(a, a), _mm_sign_epi8(b, a));
    return _mm_madd_epi16(pairs, _mm_set1_epi16(1));
#else
    // A byte beside itself, shifted right arithmetically, is the byte sign-extended.
    __m128i a_low = _mm_srai_epi16(_mm_unpacklo_epi8(a, a), 8);
    __m128i a_high = _mm_srai_epi16(_mm_unpackhi_epi8(a, a), 8);
    __m128i b_low = _mm_srai_epi16(_mm_unpacklo_epi8(b, b), 8);
    __m128i b_high = _mm_srai_epi16(_mm_unpackhi_epi8(b, b), 8);
    return _mm_add_epi32(_mm_madd_epi16(a_low, b_low), _mm_madd_epi16(a_high, b_high));
#endif
}

VEC_INLINE vq vq_dot(vb a, vb b)
{
    return _mm_cvtepi32_ps(_mm_add_epi32(dot16(a.low, b.low), dot16(a.high, b.high)));
}

VEC_INLINE vq vq_add_scaled(vq sum, float scale, vq v)
{
    return _mm_add_ps(sum, _mm_mul_ps(_mm_set1_ps(scale), v));
}

VEC_INLINE float vq_sum(vq v)
{
    __m128 half = _mm_add_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

#endif
#endif
