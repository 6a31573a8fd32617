// SPDX-License-Identifier: Apache-2.0
// Threads on Unix. C11 <threads.h> is missing on macOS, OpenBSD and in glibc 2.17.
#include "platform/platform.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

// musl gives 128 KiB by default, too little for a kernel with large local arrays in a deep call.
#define STACK_SIZE (1u << 20)

struct os_thread {
    pthread_t id;
    void (*fn)(void *);
    void *arg;
};

struct os_mutex {
    pthread_mutex_t m;
};

struct os_cond {
    pthread_cond_t c;
};

static void *thread_main(void *p)
{
    struct os_thread *t = p;
    t->fn(t->arg);
    return NULL;
}

struct os_thread *os_thread_start(void (*fn)(void *), void *arg)
{
    struct os_thread *t = xmalloc(sizeof *t);
    t->fn = fn;
    t->arg = arg;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    // Signals are the main thread's: one that a worker took would not end its blocked read.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&t->id, &attr, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        free(t);
        return NULL;
    }
    return t;
}

void os_thread_join(struct os_thread *t)
{
    pthread_join(t->id, NULL);
    free(t);
}

struct os_mutex *os_mutex_new(void)
{
    struct os_mutex *m = xmalloc(sizeof *m);
    pthread_mutex_init(&m->m, NULL);
    return m;
}

void os_mutex_free(struct os_mutex *m)
{
    pthread_mutex_destroy(&m->m);
    free(m);
}

void os_mutex_lock(struct os_mutex *m)
{
    pthread_mutex_lock(&m->m);
}

void os_mutex_unlock(struct os_mutex *m)
{
    pthread_mutex_unlock(&m->m);
}

struct os_cond *os_cond_new(void)
{
    struct os_cond *c = xmalloc(sizeof *c);
    pthread_cond_init(&c->c, NULL);
    return c;
}

void os_cond_free(struct os_cond *c)
{
    pthread_cond_destroy(&c->c);
    free(c);
}

void os_cond_wait(struct os_cond *c, struct os_mutex *m)
{
    pthread_cond_wait(&c->c, &m->m);
}

void os_cond_signal(struct os_cond *c)
{
    pthread_cond_signal(&c->c);
}

void os_cond_broadcast(struct os_cond *c)
{
    pthread_cond_broadcast(&c->c);
}
