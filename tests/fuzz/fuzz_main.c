// SPDX-License-Identifier: Apache-2.0
// A driver for libFuzzer entry points that any compiler can build: mutates seed files for a number
// of rounds.
//
//     fuzz_x ROUNDS SEED_FILE...
//
// Each input ends flush against an unmapped page, so that a read past its end is a crash even
// without a sanitizer. The rounds are the same in every run; the number of the last one is printed
// when the process dies.
#define _DEFAULT_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM (1u << 20) // the largest input, a multiple of every page size

static unsigned long current; // round, for the crash message

static uint64_t next(uint64_t *state) // xorshift64
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void crashed(int sig)
{
    char text[80];
    int n = snprintf(text, sizeof text, "fuzz: signal %d in round %lu\n", sig, current);
    if (write(2, text, (size_t)n) < 0)
        _exit(2);
    _exit(1);
}

// Values that sit on the edges of counts, lengths and offsets.
static const uint64_t edges[] = {
    0,
    1,
    2,
    7,
    8,
    31,
    32,
    0x7f,
    0x80,
    0xff,
    0xffff,
    0x10000,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xfffffffffffffff8,
    0xffffffffffffffff,
};

static size_t mutate(uint8_t *data, size_t size, uint64_t *state)
{
    for (uint64_t n = 1 + next(state) % 4; n > 0 && size > 8; n--) {
        // Half of the damage goes to the first eighth, where the formats have their structure.
        size_t span = size - 8, at = next(state) % (next(state) % 2 ? span : span / 8 + 1);
        uint64_t edge = edges[next(state) % (sizeof edges / sizeof edges[0])];
        switch (next(state) % 6) {
        case 0:
            data[at] = (uint8_t)next(state);
            break;
        case 1:
            data[at] ^= (uint8_t)(1u << next(state) % 8);
            break;
        case 2:
            memcpy(data + at, &edge, 8);
            break;
        case 3:
            memcpy(data + at, &edge, 4);
            break;
        case 4:
            size = at + 8;
            break;
        case 5:
            memmove(data + at, data + next(state) % (size - 8), 8);
            break;
        }
    }
    return size;
}

static size_t read_file(const char *path, uint8_t *out)
{
    FILE *f = fopen(path, "rb");
    size_t n = f == NULL ? 0 : fread(out, 1, ROOM, f);
    if (f == NULL || fclose(f) != 0 || n == ROOM) {
        fprintf(stderr, "fuzz: %s cannot be read or is too large\n", path);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s ROUNDS SEED_FILE...\n", argv[0]);
        return 2;
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *room = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    uint8_t *seed = malloc(ROOM);
    if (room == MAP_FAILED || seed == NULL || mprotect(room + ROOM, page, PROT_NONE) != 0)
        return 2;
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    signal(SIGABRT, crashed);
    uint64_t state = 0x9e3779b97f4a7c15;
    unsigned long rounds = strtoul(argv[1], NULL, 10);
    for (int i = 2; i < argc; i++) {
        size_t n = read_file(argv[i], seed);
        for (current = 0; current < rounds; current++) {
            memcpy(room, seed, n);
            size_t size = current == 0 ? n : mutate(room, n, &state);
            memmove(room + ROOM - size, room, size);
            LLVMFuzzerTestOneInput(room + ROOM - size, size);
        }
    }
    free(seed);
    printf("fuzz: %d seeds, %lu rounds each\n", argc - 2, rounds);
    return 0;
}
