// SPDX-License-Identifier: Apache-2.0
// Threads on Windows: slim locks and condition variables.
#include "platform/platform.h"

#include <process.h>
#include <stdlib.h>

#include "platform/wide_win32.h"

#define STACK_SIZE (1u << 20)

struct os_thread {
    HANDLE handle;
    void (*fn)(void *);
    void *arg;
};

struct os_mutex {
    SRWLOCK lock;
};

struct os_cond {
    CONDITION_VARIABLE c;
};

static unsigned __stdcall thread_main(void *p)
{
    struct os_thread *t = p;
    t->fn(t->arg);
    return 0;
}

struct os_thread *os_thread_start(void (*fn)(void *), void *arg)
{
    struct os_thread *t = xmalloc(sizeof *t);
    t->fn = fn;
    t->arg = arg;
    t->handle = (HANDLE)_beginthreadex(NULL, STACK_SIZE, thread_main, t, 0, NULL);
    if (!t->handle) {
        free(t);
        return NULL;
    }
    return t;
}

void os_thread_join(struct os_thread *t)
{
    WaitForSingleObject(t->handle, INFINITE);
    CloseHandle(t->handle);
    free(t);
}

struct os_mutex *os_mutex_new(void)
{
    struct os_mutex *m = xmalloc(sizeof *m);
    InitializeSRWLock(&m->lock);
    return m;
}

void os_mutex_free(struct os_mutex *m)
{
    free(m);
}

void os_mutex_lock(struct os_mutex *m)
{
    AcquireSRWLockExclusive(&m->lock);
}

void os_mutex_unlock(struct os_mutex *m)
{
    ReleaseSRWLockExclusive(&m->lock);
}

struct os_cond *os_cond_new(void)
{
    struct os_cond *c = xmalloc(sizeof *c);
    InitializeConditionVariable(&c->c);
    return c;
}

void os_cond_free(struct os_cond *c)
{
    free(c);
}

void os_cond_wait(struct os_cond *c, struct os_mutex *m)
{
    SleepConditionVariableSRW(&c->c, &m->lock, INFINITE, 0);
}

void os_cond_signal(struct os_cond *c)
{
    WakeConditionVariable(&c->c);
}

void os_cond_broadcast(struct os_cond *c)
{
    WakeAllConditionVariable(&c->c);
}
