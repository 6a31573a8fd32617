// SPDX-License-Identifier: Apache-2.0
// pthreads. The program's objects differ in size and content from the host's, so their addresses
// serve as keys of a table of host objects, made at first use (static initialisers need no call
// that way).
#include "loader.h"

#include <pthread.h>
#include <stdlib.h>

#define MAX_OBJECTS 4096

static struct {
    const void *key;
    void *object;
} objects[MAX_OBJECTS];
static pthread_mutex_t objects_lock = PTHREAD_MUTEX_INITIALIZER;

static void *host_object(const void *key, size_t size, void (*init)(void *))
{
    pthread_mutex_lock(&objects_lock);
    size_t at = ((uintptr_t)key >> 3) * 2654435761u % MAX_OBJECTS;
    for (size_t probes = 0; objects[at].key && objects[at].key != key; at = (at + 1) % MAX_OBJECTS)
        if (++probes == MAX_OBJECTS)
            die("more than %d thread objects", MAX_OBJECTS);
    if (!objects[at].key) {
        objects[at].key = key;
        objects[at].object = calloc(1, size);
        if (init)
            init(objects[at].object);
    }
    void *object = objects[at].object;
    pthread_mutex_unlock(&objects_lock);
    return object;
}

static void init_mutex(void *object)
{
    pthread_mutex_init(object, NULL);
}

static void init_cond(void *object)
{
    pthread_cond_init(object, NULL);
}

static void init_attr(void *object)
{
    pthread_attr_init(object);
}

static pthread_mutex_t *mutex(void *key)
{
    return host_object(key, sizeof(pthread_mutex_t), init_mutex);
}

static pthread_cond_t *cond(void *key)
{
    return host_object(key, sizeof(pthread_cond_t), init_cond);
}

static pthread_attr_t *attr(void *key)
{
    return host_object(key, sizeof(pthread_attr_t), init_attr);
}

// ---- Mutexes and conditions
// -----------------------------------------------------------------------

static int shim_mutex_lock(void *m)
{
    return error_to_foreign(pthread_mutex_lock(mutex(m)));
}

static int shim_mutex_unlock(void *m)
{
    return error_to_foreign(pthread_mutex_unlock(mutex(m)));
}

static int shim_cond_wait(void *c, void *m)
{
    return error_to_foreign(pthread_cond_wait(cond(c), mutex(m)));
}

static int shim_cond_signal(void *c)
{
    return error_to_foreign(pthread_cond_signal(cond(c)));
}

static int shim_cond_broadcast(void *c)
{
    return error_to_foreign(pthread_cond_broadcast(cond(c)));
}

// An object that is initialised where another lived before starts afresh.
static int shim_mutex_init(void *m)
{
    init_mutex(mutex(m));
    return 0;
}

static int shim_cond_init(void *c)
{
    init_cond(cond(c));
    return 0;
}

static int nothing_to_destroy(void)
{
    return 0;
}

// ---- Threads
// ----------------------------------------------------------------------------------------

struct beginning {
    void *(*function)(void *);
    void *argument;
};

static void *begin(void *packed)
{
    struct beginning b = *(struct beginning *)packed;
    free(packed);
    tls_enter_thread();
    return b.function(b.argument);
}

static int shim_create(void *thread, void *attributes, void *(*function)(void *), void *argument)
{
    struct beginning *b = malloc(sizeof *b);
    *b = (struct beginning){function, argument};
    return error_to_foreign(pthread_create(thread, attributes ? attr(attributes) : NULL, begin, b));
}

static int shim_join(pthread_t thread, void **result)
{
    return error_to_foreign(pthread_join(thread, result));
}

static int shim_attr_init(void *attributes)
{
    init_attr(attr(attributes));
    return 0;
}

static int shim_attr_setstacksize(void *attributes, size_t size)
{
    return error_to_foreign(pthread_attr_setstacksize(attr(attributes), size));
}

static int shim_once(void *control, void (*function)(void))
{
    return pthread_once(host_object(control, sizeof(pthread_once_t), NULL), function);
}

// Keys are numbers on both sides: 32 bits wide on the BSDs, 64 on macOS. OpenBSD programs keep
// their thread-local variables behind them (emulated TLS).
#ifdef MACHO
typedef unsigned long foreign_key;
#else
typedef unsigned foreign_key;
#endif

static int shim_key_create(foreign_key *key, void (*destructor)(void *))
{
    pthread_key_t host;
    int result = pthread_key_create(&host, destructor);
    *key = (foreign_key)host;
    return error_to_foreign(result);
}

static void *shim_getspecific(foreign_key key)
{
    return pthread_getspecific((pthread_key_t)key);
}

static int shim_setspecific(foreign_key key, const void *value)
{
    return error_to_foreign(pthread_setspecific((pthread_key_t)key, value));
}

const struct shim shims_threads[] = {
    SHIM("pthread_mutex_lock", shim_mutex_lock),
    SHIM("__libc_mutex_lock", shim_mutex_lock),
    SHIM("pthread_mutex_unlock", shim_mutex_unlock),
    SHIM("__libc_mutex_unlock", shim_mutex_unlock),
    SHIM("pthread_mutex_init", shim_mutex_init),
    SHIM("__libc_mutex_init", shim_mutex_init),
    SHIM("pthread_mutex_destroy", nothing_to_destroy),
    SHIM("__libc_mutex_destroy", nothing_to_destroy),
    SHIM("pthread_cond_wait", shim_cond_wait),
    SHIM("__libc_cond_wait", shim_cond_wait),
    SHIM("pthread_cond_signal", shim_cond_signal),
    SHIM("__libc_cond_signal", shim_cond_signal),
    SHIM("pthread_cond_broadcast", shim_cond_broadcast),
    SHIM("__libc_cond_broadcast", shim_cond_broadcast),
    SHIM("pthread_cond_init", shim_cond_init),
    SHIM("__libc_cond_init", shim_cond_init),
    SHIM("pthread_cond_destroy", nothing_to_destroy),
    SHIM("__libc_cond_destroy", nothing_to_destroy),
    SHIM("pthread_create", shim_create),
    SHIM("pthread_join", shim_join),
    SHIM("pthread_attr_init", shim_attr_init),
    SHIM("pthread_attr_setstacksize", shim_attr_setstacksize),
    SHIM("pthread_attr_destroy", nothing_to_destroy),
    SHIM("pthread_key_create", shim_key_create),
    SHIM("pthread_getspecific", shim_getspecific),
    SHIM("pthread_setspecific", shim_setspecific),
    SHIM("pthread_once", shim_once),
    SHIM("__libc_thr_once", shim_once),
    {NULL, NULL},
};
