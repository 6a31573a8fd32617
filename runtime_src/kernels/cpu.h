// SPDX-License-Identifier: Apache-2.0
// What this processor can do, as a bit set of features (never of vendors). A feature counts only
// when the operating system saves the registers it needs. The compiler's own __builtin_cpu_supports
// is a stub under zig cc.
#ifndef KERNELS_CPU_H
#define KERNELS_CPU_H

#include "base/base.h"

enum cpu_feature {
    // x86-64; SSE2 is the baseline and has no bit
    CPU_SSSE3 = 1u << 0,
    CPU_AVX = 1u << 1,
    CPU_AVX2 = 1u << 2,
    CPU_FMA = 1u << 3,
    CPU_F16C = 1u << 4,
    CPU_AVX512 = 1u << 5, // F, BW, DQ and VL together
    CPU_AVX512_VNNI = 1u << 6,
    // aarch64; NEON is the baseline and has no bit
    CPU_FP16 = 1u << 16,
    CPU_DOTPROD = 1u << 17,
    CPU_I8MM = 1u << 18,
};

// The features of the running machine.
uint32_t cpu_detect(void);
// Removes the comma-separated features of `list` and what builds on them ("avx2" takes avx512
// along). An unknown name is an error that lists the known ones.
bool cpu_disable(uint32_t *features, const char *list, struct err *e);
// "ssse3 avx avx2", in the order of the enum.
void cpu_describe(uint32_t features, struct buf *out);

#endif
