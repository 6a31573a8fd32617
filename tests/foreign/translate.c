// SPDX-License-Identifier: Apache-2.0
// Numbers whose meaning differs between systems: errors, flags, sysconf names, struct stat.
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int *tls_error(void);

struct pair {
    long host, foreign;
};

#define PAIR(name, foreign) {name, foreign},
static const struct pair errors[] = {MAP_ERR(PAIR){-1, -1}};
static const struct pair open_flags[] = {MAP_OPEN(PAIR){-1, -1}};
static const struct pair mmap_flags[] = {MAP_MMAP(PAIR){-1, -1}};
static const struct pair madvise_values[] = {MAP_MADVISE(PAIR){-1, -1}};
static const struct pair sysconf_values[] = {MAP_SYSCONF(PAIR){-1, -1}};
static const struct pair clock_values[] = {MAP_CLOCK(PAIR){-1, -1}};

// ---- Errors -----------------------------------------------------------------------------------

int error_to_foreign(int host)
{
    for (const struct pair *p = errors; p->host >= 0; p++)
        if (p->host == host)
            return (int)p->foreign;
    return host ? FK_EINVAL : 0;
}

int error_to_host(int foreign)
{
    for (const struct pair *p = errors; p->host >= 0; p++)
        if (p->foreign == foreign)
            return (int)p->host;
    return foreign;
}

int *foreign_errno(void)
{
    int *slot = tls_error();
    if (errno) {
        *slot = error_to_foreign(errno);
        errno = 0;
    }
    return slot;
}

// ---- Flags and values ---------------------------------------------------------------------------

static long flags_to_host(const struct pair *table, long foreign, const char *what)
{
    long host = 0, left = foreign;
    for (const struct pair *p = table; p->host >= 0; p++) {
        if (p->foreign && (foreign & p->foreign) == p->foreign) {
            host |= p->host;
            left &= ~p->foreign;
        }
    }
    if (left)
        die("%s: unknown flag bits 0x%lx", what, left);
    return host;
}

long open_flags_to_host(long foreign)
{
    return flags_to_host(open_flags, foreign & ~3L, "open") | (foreign & 3);
}

long mmap_flags_to_host(long foreign)
{
    return flags_to_host(mmap_flags, foreign, "mmap");
}

long value_to_host(const char *what, long foreign)
{
    const struct pair *table = !strcmp(what, "madvise")   ? madvise_values
                               : !strcmp(what, "sysconf") ? sysconf_values
                                                          : clock_values;
    for (const struct pair *p = table; p->host >= 0; p++)
        if (p->foreign == foreign)
            return p->host;
    note("%s: unknown value %ld", what, foreign);
    return -1;
}

// ---- struct stat
// ----------------------------------------------------------------------------------

static void put(char *foreign, long offset, long size, uint64_t value)
{
    memcpy(foreign + offset, &value, (size_t)size); // both sides are little-endian
}

void stat_to_foreign(const struct stat *host, void *foreign)
{
    memset(foreign, 0, FS_stat);
#define FIELD(name) put(foreign, FO_stat_##name, FZ_stat_##name, (uint64_t)host->name)
    FIELD(st_dev);
    FIELD(st_ino);
    FIELD(st_mode);
    FIELD(st_nlink);
    FIELD(st_uid);
    FIELD(st_gid);
    FIELD(st_rdev);
    FIELD(st_size);
    FIELD(st_blksize);
    FIELD(st_blocks);
    FIELD(st_mtime);
}
