// SPDX-License-Identifier: Apache-2.0
// From an import's name to an address: a shim where the ABI differs, the host libc's own function
// where it is the same, else a stub that says what is missing when it is called.
#include "loader.h"

#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// Functions of plain numbers, strings and memory: the same ABI on every 64-bit system here.
#define SAME(name) {#name, (void *)(name)}
static const struct shim same_abi[] = {
    SAME(_exit),         SAME(abort),
    SAME(exit),          SAME(read),
    SAME(write),         SAME(pread),
    SAME(pwrite),        SAME(close),
    SAME(unlink),        SAME(rmdir),
    SAME(mkdir),         SAME(rename),
    SAME(access),        SAME(ftruncate),
    SAME(fsync),         SAME(mkstemp),
    SAME(lseek),         SAME(malloc),
    SAME(calloc),        SAME(realloc),
    SAME(free),          SAME(posix_memalign),
    SAME(aligned_alloc), SAME(memcpy),
    SAME(memmove),       SAME(memset),
    SAME(memcmp),        SAME(memchr),
    SAME(bcmp),          SAME(bzero),
    SAME(strlen),        SAME(strcpy),
    SAME(strncpy),       SAME(strcat),
    SAME(strncat),       SAME(strcmp),
    SAME(strncmp),       SAME(strcasecmp),
    SAME(strncasecmp),   SAME(strchr),
    SAME(strrchr),       SAME(strstr),
    SAME(strpbrk),       SAME(strspn),
    SAME(strcspn),       SAME(strdup),
    SAME(strndup),       SAME(strtol),
    SAME(strtoul),       SAME(strtoll),
    SAME(strtoull),      SAME(strtod),
    SAME(strtof),        SAME(atoi),
    SAME(atof),          SAME(puts),
    SAME(putchar),       SAME(fopen),
    SAME(getenv),        SAME(setenv),
    SAME(unsetenv),      SAME(getpid),
    SAME(getuid),        SAME(geteuid),
    SAME(getcwd),        SAME(realpath),
    SAME(readlink),      SAME(munmap),
    SAME(mprotect),      SAME(msync),
    SAME(qsort),         SAME(bsearch),
    SAME(time),          SAME(nanosleep),
    SAME(usleep),        SAME(sched_yield),
    SAME(pthread_self),  SAME(pthread_detach),
    SAME(cos),           SAME(sin),
    SAME(tan),           SAME(exp),
    SAME(exp2),          SAME(log),
    SAME(log2),          SAME(pow),
    SAME(sqrt),          SAME(fabs),
    SAME(floor),         SAME(ceil),
    SAME(round),         SAME(trunc),
    SAME(fmod),          SAME(cosf),
    SAME(sinf),          SAME(expf),
    SAME(exp2f),         SAME(logf),
    SAME(powf),          SAME(sqrtf),
    SAME(tanhf),         SAME(fabsf),
    SAME(floorf),        SAME(ceilf),
    SAME(roundf),        SAME(rintf),
    SAME(nearbyint),     SAME(nearbyintf),
    SAME(rint),          SAME(lrintf),
    SAME(lround),        SAME(lroundf),
    SAME(expm1f),        SAME(log1pf),
    SAME(ldexp),         SAME(ldexpf),
    SAME(frexp),         SAME(frexpf),
    SAME(fmaxf),         SAME(fminf),
    SAME(atoll),         SAME(exp10),
    SAME(kill),          SAME(localtime),
    SAME(strftime),      SAME(tolower),
    SAME(toupper),       {NULL, NULL},
};

static void missing(const char *name)
{
    fprintf(stderr, "foreign " SYSTEM ": the program called %s, which is not translated\n", name);
    _exit(120);
}

#if defined(__x86_64__)
// mov $name, %rdi; mov $missing, %rax; and $-16, %rsp; call *%rax
#define STUB_SIZE 32
static void write_stub(unsigned char *at, const char *name)
{
    unsigned char code[] = {0x48, 0xbf, 0, 0, 0, 0, 0, 0,    0,    0,    0x48, 0xb8, 0,
                            0,    0,    0, 0, 0, 0, 0, 0x48, 0x83, 0xe4, 0xf0, 0xff, 0xd0};
    void *target = (void *)missing;
    memcpy(code + 2, &name, 8);
    memcpy(code + 12, &target, 8);
    memcpy(at, code, sizeof code);
}
#else
// ldr x0, name; ldr x1, missing; br x1; then the two addresses
#define STUB_SIZE 32
static void write_stub(unsigned char *at, const char *name)
{
    uint32_t code[] = {0x58000080, 0x580000a1, 0xd61f0020, 0xd503201f, 0, 0, 0, 0};
    void *target = (void *)missing;
    memcpy(code + 4, &name, 8);
    memcpy(code + 6, &target, 8);
    memcpy(at, code, sizeof code);
    __builtin___clear_cache((char *)at, (char *)at + STUB_SIZE);
}
#endif

static void *new_stub(const char *name)
{
    static unsigned char *page;
    static size_t used;
    if (!page || used + STUB_SIZE > 4096) {
        page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON, -1, 0);
        used = 0;
        if (page == MAP_FAILED)
            die("no memory for stubs");
    }
    write_stub(page + used, strdup(name));
    used += STUB_SIZE;
    return page + used - STUB_SIZE;
}

static void *find(const struct shim *table, const char *name)
{
    for (; table->name; table++)
        if (!strcmp(table->name, name))
            return table->address;
    return NULL;
}

// ---- Objects that the linker made the program copy (ELF copy relocations) --------------------

#define MAX_COPIES 32

static struct {
    const char *copy, *original;
    size_t size;
} copies[MAX_COPIES];
static int copy_count;

void resolve_copied(void *copy, void *original, size_t size)
{
    if (copy_count == MAX_COPIES)
        die("more than %d copied objects", MAX_COPIES);
    copies[copy_count].copy = copy;
    copies[copy_count].original = original;
    copies[copy_count++].size = size;
}

void *resolve_original(void *object)
{
    for (int i = 0; i < copy_count; i++) {
        ptrdiff_t at = (const char *)object - copies[i].copy;
        if (at >= 0 && (size_t)at < copies[i].size)
            return (char *)copies[i].original + at;
    }
    return object;
}

// ---- Names -----------------------------------------------------------------------------------

void *resolve(const char *import)
{
    const char *name = import;
#ifdef MACHO
    name += *name == '_'; // every C symbol of Mach-O has one
#endif
    const struct shim *const tables[] = {shims_stdio, shims_files,   shims_threads,
                                         shims_start, shims_aliases, same_abi};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        void *address = find(tables[t], name);
        if (address) {
            note("%s: %s", name, tables[t] == same_abi ? "same" : "translated");
            return address;
        }
    }
    note("%s: MISSING", name);
    return new_stub(name);
}
