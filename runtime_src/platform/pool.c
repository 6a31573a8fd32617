// SPDX-License-Identifier: Apache-2.0
// One loop at a time: the caller publishes it under the mutex, wakes the workers, works along, and
// waits until the last worker has left. Tasks are taken from an atomic counter, so a slow core
// takes fewer.
#include "platform/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/base.h"
#include "platform/platform.h"

struct worker {
    struct pool *pool;
    struct os_thread *thread;
    int index; // 1 .. threads - 1; the caller is 0
};

struct pool {
    struct os_mutex *mutex;
    struct os_cond *start, *done;
    struct worker *workers;
    int threads;

    // Written by the caller under the mutex while no worker runs.
    uint64_t round; // counts loops; a worker that sees a new number joins
    bool quit;
    void (*fn)(void *arg, int64_t task, int thread);
    void *arg;
    int64_t tasks;

    int running; // workers still in this round; under the mutex
    _Atomic int64_t next;
};

static void take_tasks(struct pool *p, int thread)
{
    for (;;) {
        int64_t task = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (task >= p->tasks)
            return;
        p->fn(p->arg, task, thread);
    }
}

static void worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    uint64_t seen = 0;
    os_mutex_lock(p->mutex);
    for (;;) {
        while (p->round == seen && !p->quit)
            os_cond_wait(p->start, p->mutex);
        if (p->quit)
            break;
        seen = p->round;
        os_mutex_unlock(p->mutex);
        take_tasks(p, w->index);
        os_mutex_lock(p->mutex);
        if (--p->running == 0)
            os_cond_signal(p->done);
    }
    os_mutex_unlock(p->mutex);
}

struct pool *pool_new(int threads)
{
    struct pool *p = xcalloc(1, sizeof *p);
    p->mutex = os_mutex_new();
    p->start = os_cond_new();
    p->done = os_cond_new();
    p->workers = xcalloc((size_t)threads, sizeof *p->workers);
    p->threads = 1;
    while (p->threads < threads) {
        struct worker *w = &p->workers[p->threads];
        *w = (struct worker){.pool = p, .index = p->threads};
        w->thread = os_thread_start(worker_main, w);
        if (!w->thread)
            break;
        p->threads++;
    }
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    os_mutex_lock(p->mutex);
    p->quit = true;
    os_cond_broadcast(p->start);
    os_mutex_unlock(p->mutex);
    for (int i = 1; i < p->threads; i++)
        os_thread_join(p->workers[i].thread);
    os_cond_free(p->start);
    os_cond_free(p->done);
    os_mutex_free(p->mutex);
    free(p->workers);
    free(p);
}

int pool_threads(const struct pool *p)
{
    return p->threads;
}

void pool_run(struct pool *p, int64_t tasks, void (*fn)(void *arg, int64_t task, int thread),
              void *arg)
{
    if (p->threads == 1 || tasks == 1) {
        for (int64_t task = 0; task < tasks; task++)
            fn(arg, task, 0);
        return;
    }
    os_mutex_lock(p->mutex);
    p->fn = fn;
    p->arg = arg;
    p->tasks = tasks;
    p->running = p->threads - 1;
    atomic_store_explicit(&p->next, 0, memory_order_relaxed);
    p->round++;
    os_cond_broadcast(p->start);
    os_mutex_unlock(p->mutex);

    take_tasks(p, 0);

    os_mutex_lock(p->mutex);
    while (p->running)
        os_cond_wait(p->done, p->mutex);
    os_mutex_unlock(p->mutex);
}
