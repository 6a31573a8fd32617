// SPDX-License-Identifier: Apache-2.0
// The names of CPU features, and switching them off.
#include "kernels/cpu.h"

#include <string.h>

// takes_along: features that are of no use without this one, and go when it goes.
static const struct {
    const char *name;
    uint32_t bit, takes_along;
} features_table[] = {
    {"ssse3", CPU_SSSE3, CPU_AVX | CPU_AVX2 | CPU_FMA | CPU_F16C | CPU_AVX512 | CPU_AVX512_VNNI},
    {"avx", CPU_AVX, CPU_AVX2 | CPU_FMA | CPU_F16C | CPU_AVX512 | CPU_AVX512_VNNI},
    {"avx2", CPU_AVX2, CPU_AVX512 | CPU_AVX512_VNNI},
    {"fma", CPU_FMA, CPU_AVX512 | CPU_AVX512_VNNI},
    {"f16c", CPU_F16C, CPU_AVX512 | CPU_AVX512_VNNI},
    {"avx512", CPU_AVX512, CPU_AVX512_VNNI},
    {"vnni", CPU_AVX512_VNNI, 0},
    {"fp16", CPU_FP16, CPU_I8MM},
    {"dotprod", CPU_DOTPROD, CPU_I8MM},
    {"i8mm", CPU_I8MM, 0},
};

enum { FEATURE_COUNT = sizeof features_table / sizeof *features_table };

static bool disable_one(uint32_t *features, struct slice name, struct err *e)
{
    for (int i = 0; i < FEATURE_COUNT; i++) {
        if (slice_is(name, features_table[i].name)) {
            *features &= ~(features_table[i].bit | features_table[i].takes_along);
            return true;
        }
    }
    struct buf known = {0};
    cpu_describe(~0u, &known);
    err_set(e, "unknown CPU feature '%.*s'; known are: %s", (int)name.len, name.data, known.data);
    buf_free(&known);
    return false;
}

bool cpu_disable(uint32_t *features, const char *list, struct err *e)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        if (n && !disable_one(features, (struct slice){list, n}, e))
            return false;
        list += n + (list[n] == ',');
    }
    return true;
}

void cpu_describe(uint32_t features, struct buf *out)
{
    const char *separator = "";
    for (int i = 0; i < FEATURE_COUNT; i++) {
        if (features & features_table[i].bit) {
            buf_printf(out, "%s%s", separator, features_table[i].name);
            separator = " ";
        }
    }
    buf_puts(out, "");
}
