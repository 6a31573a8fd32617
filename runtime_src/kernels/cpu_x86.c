// SPDX-License-Identifier: Apache-2.0
// CPUID and XGETBV (Intel SDM volume 2A, CPUID; volume 1, section 13.3). A feature whose registers
// the operating system does not save (XCR0) is treated as absent: using it would raise #UD.
#include "kernels/cpu.h"

#if defined(__x86_64__)

struct leaf {
    uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct leaf r;
    __asm__ volatile("cpuid"
                     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

// The register sets the system saves: bit 1 XMM, 2 YMM, 5 opmask, 6 and 7 ZMM.
static uint64_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool has(uint32_t word, int bit)
{
    return word >> bit & 1;
}

#define XCR0_YMM 0x06u
#define XCR0_ZMM 0xe6u

uint32_t cpu_detect(void)
{
    uint32_t found = 0;
    struct leaf basic = cpuid(1, 0);
    if (!has(basic.c, 9))
        return found;
    found |= CPU_SSSE3;

    // OSXSAVE (bit 27) must be set before XGETBV may be executed.
    uint64_t saved = has(basic.c, 27) ? saved_state() : 0;
    if (!has(basic.c, 28) || (saved & XCR0_YMM) != XCR0_YMM)
        return found;
    found |= CPU_AVX;
    found |= has(basic.c, 12) ? CPU_FMA : 0;
    found |= has(basic.c, 29) ? CPU_F16C : 0;

    if (cpuid(0, 0).a < 7)
        return found;
    struct leaf extended = cpuid(7, 0);
    if (!has(extended.b, 5))
        return found;
    found |= CPU_AVX2;

    // macOS turns the ZMM bits of XCR0 on at the first use; a process that asks early sees them
    // clear and takes AVX2.
    bool avx512 =
        has(extended.b, 16) && has(extended.b, 17) && has(extended.b, 30) && has(extended.b, 31);
    if (avx512 && (saved & XCR0_ZMM) == XCR0_ZMM) {
        found |= CPU_AVX512;
        found |= has(extended.c, 11) ? CPU_AVX512_VNNI : 0;
    }
    return found;
}

#endif
