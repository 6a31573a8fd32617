// SPDX-License-Identifier: Apache-2.0
// aarch64 features as each system tells them; a system that does not tell leaves the NEON baseline.
#include "kernels/cpu.h"

#if defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__FreeBSD__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_WIN32)
#include <windows.h>
#elif defined(__OpenBSD__)
#include <sys/types.h> // first: the next two need it

#include <machine/cpu.h>
#include <sys/sysctl.h>
#endif

#if defined(__linux__) || defined(__FreeBSD__)
// Bits of AT_HWCAP and AT_HWCAP2; the two kernels agree on them
// (Documentation/arch/arm64/elf_hwcaps.rst).
#define HWCAP_FPHP_BIT 9
#define HWCAP_ASIMDHP_BIT 10
#define HWCAP_ASIMDDP_BIT 20
#define HWCAP2_I8MM_BIT 13

static uint32_t from_hwcap(unsigned long hwcap, unsigned long hwcap2)
{
    uint32_t found = 0;
    found |= (hwcap >> HWCAP_FPHP_BIT & hwcap >> HWCAP_ASIMDHP_BIT & 1) ? CPU_FP16 : 0;
    found |= (hwcap >> HWCAP_ASIMDDP_BIT & 1) ? CPU_DOTPROD : 0;
    found |= (hwcap2 >> HWCAP2_I8MM_BIT & 1) ? CPU_I8MM : 0;
    return found;
}
#endif

#if defined(__APPLE__)
static bool sysctl_flag(const char *name)
{
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value != 0;
}
#endif

uint32_t cpu_detect(void)
{
#if defined(__linux__)
    return from_hwcap(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
#elif defined(__FreeBSD__)
    unsigned long hwcap = 0, hwcap2 = 0;
    elf_aux_info(AT_HWCAP, &hwcap, sizeof hwcap);
    elf_aux_info(AT_HWCAP2, &hwcap2, sizeof hwcap2);
    return from_hwcap(hwcap, hwcap2);
#elif defined(__APPLE__)
    return (sysctl_flag("hw.optional.arm.FEAT_FP16") ? CPU_FP16 : 0) |
           (sysctl_flag("hw.optional.arm.FEAT_DotProd") ? CPU_DOTPROD : 0) |
           (sysctl_flag("hw.optional.arm.FEAT_I8MM") ? CPU_I8MM : 0);
#elif defined(_WIN32)
    // 43: PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE. Windows on ARM needs ARMv8.1; each processor it
    // knows with dot products has half-precision arithmetic too, for which older systems have no
    // query.
    return IsProcessorFeaturePresent(43) ? CPU_DOTPROD | CPU_FP16 : 0;
#elif defined(__OpenBSD__)
    // ID_AA64ISAR0_EL1: DP in bits 47:44. ID_AA64PFR0_EL1: FP in 19:16, 1 means half precision.
    // ID_AA64ISAR1_EL1: I8MM in 55:52.
    const int names[] = {CPU_ID_AA64ISAR0, CPU_ID_AA64PFR0, CPU_ID_AA64ISAR1};
    uint64_t ids[3] = {0};
    for (int i = 0; i < 3; i++) {
        int mib[] = {CTL_MACHDEP, names[i]};
        size_t size = sizeof ids[i];
        if (sysctl(mib, 2, &ids[i], &size, NULL, 0) != 0)
            return 0;
    }
    return ((ids[0] >> 44 & 15) ? CPU_DOTPROD : 0) | ((ids[1] >> 16 & 15) == 1 ? CPU_FP16 : 0) |
           ((ids[2] >> 52 & 15) ? CPU_I8MM : 0);
#else
    return 0;
#endif
}

#endif
