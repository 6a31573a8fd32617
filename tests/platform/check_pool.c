// SPDX-License-Identifier: Apache-2.0
// The pool: every task runs exactly once, thread numbers stay in range, many short loops in a row,
// many pools.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/pool.h"

enum { TASKS = 997 };

struct tally {
    _Atomic int seen[TASKS];
    _Atomic int out_of_range;
    int threads;
};

static void count(void *arg, int64_t task, int thread)
{
    struct tally *t = arg;
    atomic_fetch_add(&t->seen[task], 1);
    if (thread < 0 || thread >= t->threads)
        atomic_fetch_add(&t->out_of_range, 1);
}

static void stress(int threads, int loops)
{
    struct pool *p = pool_new(threads);
    struct tally *t = calloc(1, sizeof *t);
    t->threads = pool_threads(p);
    for (int i = 0; i < loops; i++)
        pool_run(p, i % 3 ? TASKS : 1 + i % TASKS, count, t);
    long total = 0, want = 0;
    for (int i = 0; i < loops; i++)
        want += i % 3 ? TASKS : 1 + i % TASKS;
    for (int i = 0; i < TASKS; i++)
        total += t->seen[i];
    if (total != want || t->out_of_range) {
        printf("FAIL %d threads: %ld tasks ran, %ld were asked for, %d bad thread numbers\n",
               threads, total, want, t->out_of_range);
        exit(1);
    }
    free(t);
    pool_free(p);
}

int main(void)
{
    for (int threads = 1; threads <= 9; threads++)
        stress(threads, 400);
    for (int i = 0; i < 200; i++)
        stress(3, 1);
    puts("check_pool: all passed");
    return 0;
}
