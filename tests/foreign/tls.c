// SPDX-License-Identifier: Apache-2.0
// Thread-local variables of ELF programs. Their code reads them at fixed distances from the thread
// pointer, below it on x86-64 (variant II) and 16 bytes above it on aarch64 (variant I): exactly
// where this executable's own TLS block lies. So the loader keeps nothing else in TLS than one
// area, and the program's block is laid over its edge.
#include "loader.h"

#include <string.h>

#define AREA_SIZE 32768

// foreign_errno lives here too, on the side away from the thread pointer.
struct area {
#if defined(__aarch64__)
    char bytes[AREA_SIZE];
    int error;
#else
    int error;
    int padding[15];
    char bytes[AREA_SIZE];
#endif
} __attribute__((aligned(16)));

static __thread struct area area;

static struct {
    const void *initial;
    size_t initial_size, size, align;
} block = {.align = 1};

int *tls_error(void)
{
    return &area.error;
}

void tls_describe(const void *initial, size_t initial_size, size_t size, size_t align)
{
    block.initial = initial;
    block.initial_size = initial_size;
    block.size = size;
    block.align = align ? align : 1;
}

static char *block_start(void)
{
#if defined(__x86_64__)
    char *thread_pointer;
    __asm__("mov %%fs:0, %0" : "=r"(thread_pointer));
    return thread_pointer - ((block.size + block.align - 1) & ~(block.align - 1));
#else
    char *thread_pointer = __builtin_thread_pointer();
    return thread_pointer + (block.align > 16 ? block.align : 16);
#endif
}

void tls_enter_thread(void)
{
    if (!block.size)
        return;
    char *start = block_start();
    if (start < area.bytes || start + block.size > area.bytes + AREA_SIZE)
        die("thread-local storage of %zu bytes does not fit its area", block.size);
    memcpy(start, block.initial, block.initial_size);
    memset(start + block.initial_size, 0, block.size - block.initial_size);
}
