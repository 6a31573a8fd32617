// SPDX-License-Identifier: Apache-2.0
// A pool of threads that runs one loop at a time, split into tasks that the threads take one by
// one. Idle threads sleep. Results do not depend on the number of threads as long as a task's
// result depends on its index alone.
#ifndef PLATFORM_POOL_H
#define PLATFORM_POOL_H

#include <stdint.h>

struct pool;

// threads >= 1, the caller's own included. Fewer are used when the system refuses more.
struct pool *pool_new(int threads);
void pool_free(struct pool *p);
int pool_threads(const struct pool *p);
// Calls fn(arg, task, thread) for every task < tasks and returns when all are done. thread <
// pool_threads.
void pool_run(struct pool *p, int64_t tasks, void (*fn)(void *arg, int64_t task, int thread),
              void *arg);

#endif
