// SPDX-License-Identifier: Apache-2.0
// The choice of kernels: reading kern_init downwards is reading the order of preference.
#include "kernels/kernels.h"

#include "kernels/cpu.h"

#if defined(__x86_64__)

#define AVX2_ROW (CPU_AVX | CPU_AVX2 | CPU_FMA | CPU_F16C)

void kern_init(struct kernels *k, uint32_t features)
{
    kern_init_ref(k);
    kern_row_sse2(k); // every x86-64
    if (!(features & CPU_SSSE3))
        return;
    kern_row_ssse3(k); // Core 2 (2006), Bobcat (2011)
    if (!(features & CPU_AVX))
        return;
    kern_row_avx(k); // Sandy Bridge (2011), Bulldozer (2011)
    if ((features & AVX2_ROW) != AVX2_ROW)
        return;
    kern_row_avx2(k); // Haswell (2013), Zen (2017)
    if (!(features & CPU_AVX512))
        return;
    kern_row_avx512(k); // Skylake-X (2017), Zen 4 (2022)
    if (!(features & CPU_AVX512_VNNI))
        return;
    kern_row_avx512vnni(k); // Ice Lake (2019), Zen 4 (2022)
}

#elif defined(__aarch64__)

void kern_init(struct kernels *k, uint32_t features)
{
    kern_init_ref(k);
    kern_row_neon(k); // every aarch64
    if (!(features & CPU_DOTPROD) || !(features & CPU_FP16))
        return;
    kern_row_dotprod(k); // Cortex-A76 (2018), Apple A13 (2019), Graviton 2 (2020)
    if (!(features & CPU_I8MM))
        return;
    kern_row_i8mm(k); // Neoverse V1 (2021), Apple M2 (2022)
}

#else
#error "kernels exist for x86-64 and aarch64"
#endif

enum tensor_type kern_activation(enum tensor_type type)
{
    return type == TYPE_Q8_0 || type == TYPE_Q4_0 ? TYPE_Q8_0 : TYPE_F32;
}

size_t kern_row_size(enum tensor_type type, int64_t n)
{
    const struct tensor_type_info *info = tensor_type_info(type);
    return (size_t)(n / info->block_weights) * info->block_size;
}
