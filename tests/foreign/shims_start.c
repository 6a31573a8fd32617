// SPDX-License-Identifier: Apache-2.0
// What the program's start-up code asks of its system: constructors, exit handlers, environment,
// stack guards.
#include "loader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    constructor **init;
    size_t init_count;
    void (**fini)(void);
    size_t fini_count;
} arrays;

static char **foreign_environ;
static const char *foreign_progname;
static long stack_guard = 0x595e9fbd94fda766; // any value without NUL bytes
static int is_threaded = 1;

void start_set_arrays(constructor **init, size_t init_count, void (**fini)(void), size_t fini_count)
{
    arrays.init = init;
    arrays.init_count = init_count;
    arrays.fini = fini;
    arrays.fini_count = fini_count;
}

void start_run_init(int argc, char **argv, char **envp)
{
    for (size_t i = 0; i < arrays.init_count; i++)
        arrays.init[i](argc, argv, envp, envp);
}

void start_run_fini(void)
{
    for (size_t i = arrays.fini_count; i--;)
        arrays.fini[i]();
}

void start_set_process(char **envp, const char *program)
{
    const char *slash = strrchr(program, '/');
    foreign_environ = envp;
    foreign_progname = slash ? slash + 1 : program;
}

// FreeBSD 14: crt1 leaves everything to libc.
static void freebsd_start(int argc, char **argv, char **envp, void (*cleanup)(void),
                          int (*program)(int, char **, char **))
{
    (void)cleanup;
    start_run_init(argc, argv, envp);
    atexit(start_run_fini);
    exit(program(argc, argv, envp));
}

// OpenBSD: the start-up code gets the address of environ from here.
static void *openbsd_csu_finish(char **argv, char **envp, void *cleanup)
{
    (void)argv;
    (void)cleanup;
    foreign_environ = envp;
    return &foreign_environ;
}

static void stack_smashed(void)
{
    static const char text[] = "foreign " SYSTEM ": stack smashing detected\n";
    if (write(2, text, sizeof text - 1) < 0)
        _exit(122);
    abort();
}

extern int __cxa_atexit(void (*)(void *), void *, void *);

// The handle names a shared object of the program's system; here there is none.
static int shim_cxa_atexit(void (*function)(void *), void *argument, void *handle)
{
    (void)handle;
    return __cxa_atexit(function, argument, NULL);
}

static void nothing(void)
{
}

static long zero(void)
{
    return 0;
}

const struct shim shims_start[] = {
    SHIM("__libc_start1", freebsd_start),
    SHIM("_libc_init", nothing),
    SHIM("_csu_finish", openbsd_csu_finish),
    SHIM("atexit", atexit),
    SHIM("__cxa_atexit", shim_cxa_atexit),
    SHIM("__register_frame_info", nothing),
    SHIM("__deregister_frame_info", zero),
    SHIM("__stack_chk_fail", stack_smashed),
    SHIM("__stack_smash_handler", stack_smashed),
    SHIM("__stack_chk_guard", &stack_guard),
    SHIM("__guard_local", &stack_guard),
    SHIM("__isthreaded", &is_threaded),
    SHIM("__progname", &foreign_progname),
    SHIM("environ", &foreign_environ),
    SHIM("__unsetenv13", unsetenv),
    SHIM("dyld_stub_binder", nothing),
    SHIM("__chkstk_darwin", nothing),
    {NULL, NULL},
};
