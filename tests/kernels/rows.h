// SPDX-License-Identifier: Apache-2.0
// Runs a program's checks on every ISA row this processor can run, against the reference row. Rows
// are reached by taking features away one at a time.
//
//   check_* [SEED [SLACK]]   SLACK: bytes between buffers and the unmapped page, default 0
//   last line: "NAME: all N passed", or the failures and status 1
//
// The including program defines check_row.
#ifndef TESTS_KERNELS_ROWS_H
#define TESTS_KERNELS_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary.h"
#include "kernels/cpu.h"
#include "kernels/kernels.h"

static void check_row(const struct kernels *k, const struct kernels *ref);

static int passed, failed;

// size: (n) what an element's error is measured against
static double nmse(const float *got, const float *want, const float *size, int64_t n)
{
    double error = 0, power = 0;
    for (int64_t i = 0; i < n; i++) {
        error += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        power += (double)size[i] * size[i];
    }
    return power > 0 ? error / power : error;
}

static void expect_sized(const char *isa, const char *what, const float *got, const float *want,
                         const float *size, int64_t n, double bound)
{
    double e = nmse(got, want, size, n);
    if (e <= bound) {
        passed++;
        return;
    }
    failed++;
    printf("FAIL %s %s: nmse %g > %g\n", isa, what, e, bound);
}

static int check_all_rows(const char *name, int argc, char **argv)
{
    state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    guard_slack = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
    struct kernels ref, k;
    kern_init_ref(&ref);
    uint32_t features = cpu_detect();
    struct buf text = {0};
    cpu_describe(features, &text);
    printf("seed %llu, features: %s\n", (unsigned long long)state, text.data);
    buf_free(&text);

    // Newest feature first: each step takes the highest bit away until the baseline is reached.
    const char *last = "";
    for (;;) {
        kern_init(&k, features);
        if (strcmp(k.isa, last) != 0) {
            printf("row %s\n", k.isa);
            check_row(&k, &ref);
            last = k.isa;
        }
        if (!features)
            break;
        features &= ~(1u << (31 - __builtin_clz(features)));
    }
    if (failed) {
        printf("%s: %d of %d failed\n", name, failed, passed + failed);
        return 1;
    }
    printf("%s: all %d passed\n", name, passed);
    return 0;
}

#endif
