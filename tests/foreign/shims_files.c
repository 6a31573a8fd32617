// SPDX-License-Identifier: Apache-2.0
// Files, memory, clocks, and the system calls that have no meaning here.
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

VARIADIC(int, shim_open, x2, const char *path, int flags)
{
    VA_BEGIN(args, flags);
    unsigned mode = va_arg(args, unsigned);
    VA_END(args);
    return open(path, (int)open_flags_to_host(flags), mode);
}

VARIADIC(int, shim_fcntl, x2, int fd, int command)
{
    VA_BEGIN(args, command);
    long value = va_arg(args, long);
    VA_END(args);
    if (command == FK_F_GETFD || command == FK_F_SETFD)
        return fcntl(fd, command == FK_F_GETFD ? F_GETFD : F_SETFD, (int)value);
    if (command == FK_F_SETFL)
        return fcntl(fd, F_SETFL, (int)open_flags_to_host(value));
    errno = EINVAL;
    return -1;
}

// No descriptor is a terminal for the program, and no device takes its requests.
static int not_a_terminal(void)
{
    errno = ENOTTY;
    return -1;
}

static int isatty_never(int fd)
{
    (void)fd;
    errno = ENOTTY;
    return 0;
}

static void *shim_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return mmap(address, size, protection, (int)mmap_flags_to_host(flags), fd, offset);
}

static int shim_madvise(void *address, size_t size, int advice)
{
    long host = value_to_host("madvise", advice);
    return host < 0 ? 0 : madvise(address, size, (int)host);
}

static int shim_fstat(int fd, void *out)
{
    struct stat status;
    int result = fstat(fd, &status);
    if (result == 0)
        stat_to_foreign(&status, out);
    return result;
}

static int shim_stat(const char *path, void *out)
{
    struct stat status;
    int result = stat(path, &status);
    if (result == 0)
        stat_to_foreign(&status, out);
    return result;
}

static int shim_lstat(const char *path, void *out)
{
    struct stat status;
    int result = lstat(path, &status);
    if (result == 0)
        stat_to_foreign(&status, out);
    return result;
}

static long shim_sysconf(int name)
{
    long host = value_to_host("sysconf", name);
    return host < 0 ? -1 : sysconf((int)host);
}

static int shim_clock_gettime(int clock, struct timespec *out)
{
    long host = value_to_host("clock", clock);
    if (host < 0) {
        errno = EINVAL;
        return -1;
    }
    return clock_gettime((clockid_t)host, out);
}

// sysctl and its kin know nothing: the program has to live with that.
static int knows_nothing(void)
{
    errno = ENOENT;
    return -1;
}

// A FreeBSD program asks for its processor's features here; none means the baseline.
static int shim_elf_aux_info(int type, void *out, int size)
{
    (void)type;
    for (int i = 0; i < size; i++)
        ((char *)out)[i] = 0;
    return 0;
}

// Handlers are accepted and never called.
static int accept_handler(void)
{
    return 0;
}

const struct shim shims_files[] = {
    SHIM("open", shim_open),
    SHIM("fcntl", shim_fcntl),
    SHIM("ioctl", not_a_terminal),
    SHIM("isatty", isatty_never),
    SHIM("tcgetattr", not_a_terminal),
    SHIM("tcsetattr", not_a_terminal),
    SHIM("mmap", shim_mmap),
    SHIM("madvise", shim_madvise),
    SHIM("posix_madvise", shim_madvise),
    SHIM("fstat", shim_fstat),
    SHIM("__fstat50", shim_fstat),
    SHIM("fstat$INODE64", shim_fstat),
    SHIM("stat", shim_stat),
    SHIM("__stat50", shim_stat),
    SHIM("stat$INODE64", shim_stat),
    SHIM("lstat", shim_lstat),
    SHIM("__lstat50", shim_lstat),
    SHIM("lstat$INODE64", shim_lstat),
    SHIM("sysconf", shim_sysconf),
    SHIM("clock_gettime", shim_clock_gettime),
    SHIM("__clock_gettime50", shim_clock_gettime),
    SHIM("sysctl", knows_nothing),
    SHIM("sysctlbyname", knows_nothing),
    SHIM("__sysctl", knows_nothing),
    SHIM("_NSGetExecutablePath", knows_nothing),
    SHIM("elf_aux_info", shim_elf_aux_info),
    SHIM("sigaction", accept_handler),
    SHIM("__sigaction14", accept_handler),
    SHIM("__sigaction_siginfo", accept_handler),
    SHIM("signal", accept_handler),
    SHIM("sigemptyset", accept_handler),
    SHIM("__sigemptyset14", accept_handler),
    SHIM("sigfillset", accept_handler),
    SHIM("__sigfillset14", accept_handler),
    SHIM("pthread_sigmask", accept_handler),
    SHIM("__libc_thr_sigsetmask", accept_handler),
    SHIM("sigprocmask", accept_handler),
    SHIM("__sigprocmask14", accept_handler),
    {NULL, NULL},
};
