// SPDX-License-Identifier: Apache-2.0
// Input that is meant to hurt: random data with a purpose, and buffers that end at an unmapped
// page.
#ifndef TESTS_KERNELS_ADVERSARY_H
#define TESTS_KERNELS_ADVERSARY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// ---- Random data with intent ----------------------------------------------------------------

static uint64_t state;

static uint32_t rnd(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static float rnd_float(void)
{
    return (float)((int32_t)(rnd() & 0xffffff) - 0x800000) / 0x800000;
}

enum flavour { UNIFORM, SPIKES, TINY, ZEROS, FLAVOURS };

static void fill(float *x, int64_t n, enum flavour flavour)
{
    for (int64_t i = 0; i < n; i++) {
        x[i] = rnd_float();
        if (flavour == SPIKES)
            x[i] *= rnd() % 29 ? 0.01f : 100.0f; // one large value decides a block's scale
        else if (flavour == TINY)
            x[i] *= 1e-6f; // block scales fall into f16's denormals
        else if (flavour == ZEROS)
            x[i] = 0;
    }
}

// ---- Buffers whose last byte is the last byte of a page, the next page being unmapped -------

struct guarded {
    void *data, *base;
    size_t length;
};

// Bytes left between a buffer and the unmapped page. 0 but for emulators: qemu 7.2 loads 16 bytes
// for the four-byte operand of vfmadd231ss.
static size_t guard_slack;

static struct guarded guarded_new(size_t size)
{
    size += guard_slack;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), body = (size + page - 1) / page * page;
    struct guarded g = {.length = body + 2 * page};
    g.base = mmap(NULL, g.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (g.base == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    mprotect(g.base, page, PROT_NONE);
    mprotect((char *)g.base + page + body, page, PROT_NONE);
    g.data = (char *)g.base + page + body - size;
    return g;
}

static void guarded_free(struct guarded g)
{
    munmap(g.base, g.length);
}

#endif
