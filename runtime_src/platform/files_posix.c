// SPDX-License-Identifier: Apache-2.0
// Files and mappings on Unix.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // madvise, O_CLOEXEC under -std=c11
#endif
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct os_file {
    int fd;
    uint64_t size;
    char *path;
};

static bool fail(struct err *e, const char *path)
{
    return err_set(e, "%s: %s", path, strerror(errno));
}

struct os_file *os_open(const char *path, bool *missing, struct err *e)
{
    if (missing)
        *missing = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (missing)
            *missing = errno == ENOENT || errno == ENOTDIR;
        fail(e, path);
        return NULL;
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        fail(e, path);
        close(fd);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(e, "%s: is %s, not a file", path,
                S_ISDIR(st.st_mode) ? "a directory" : "a device or pipe");
        close(fd);
        return NULL;
    }
    struct os_file *f = xmalloc(sizeof *f);
    *f = (struct os_file){.fd = fd, .size = (uint64_t)st.st_size, .path = xstrdup(path)};
    return f;
}

void os_close(struct os_file *f)
{
    if (!f)
        return;
    close(f->fd);
    free(f->path);
    free(f);
}

uint64_t os_file_size(const struct os_file *f)
{
    return f->size;
}

bool os_read_at(struct os_file *f, uint64_t offset, void *out, size_t n, struct err *e)
{
    char *p = out;
    while (n) {
        // macOS refuses to read 2 GiB or more at once.
        ssize_t got = pread(f->fd, p, n < (1u << 30) ? n : 1u << 30, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(e, f->path);
        if (got == 0)
            return err_set(e, "%s: ends at byte %llu, more was expected", f->path,
                           (unsigned long long)offset);
        p += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}

bool os_map_file(struct os_file *f, uint64_t offset, uint64_t size, struct os_map *out,
                 struct err *e)
{
    *out = (struct os_map){.data = (const unsigned char *)"", .size = size};
    if (offset > f->size || size > f->size - offset)
        return err_set(e, "%s: bytes %llu to %llu are past the end of the file (%llu bytes)",
                       f->path, (unsigned long long)offset, (unsigned long long)(offset + size),
                       (unsigned long long)f->size);
    if (!size)
        return true;
    uint64_t skip = offset % os_page_size();
    void *base =
        mmap(NULL, (size_t)(size + skip), PROT_READ, MAP_SHARED, f->fd, (off_t)(offset - skip));
    if (base == MAP_FAILED)
        return fail(e, f->path);
    out->base = base;
    out->base_size = size + skip;
    out->data = (unsigned char *)base + skip;
    return true;
}

void os_unmap(struct os_map *m)
{
    if (m->base)
        munmap(m->base, (size_t)m->base_size);
    *m = (struct os_map){0};
}

void os_prefetch(const struct os_map *m, uint64_t offset, uint64_t size)
{
    if (!m->base || offset >= m->size)
        return;
    if (size > m->size - offset)
        size = m->size - offset;
    uintptr_t start = (uintptr_t)(m->data + offset) & ~(uintptr_t)(os_page_size() - 1);
    uintptr_t end = (uintptr_t)(m->data + offset) + (uintptr_t)size;
    madvise((void *)start, end - start, MADV_WILLNEED);
}

bool os_read_file(const char *path, uint64_t limit, struct buf *out, struct err *e)
{
    // Not os_open: a named pipe or <(command) is a good source here.
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(e, path);
    char chunk[16384];
    uint64_t total = 0;
    bool ok = true;
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            ok = fail(e, path);
        if (got <= 0)
            break;
        total += (uint64_t)got;
        if (total > limit) {
            ok = err_set(e, "%s: larger than the limit of %llu bytes", path,
                         (unsigned long long)limit);
            break;
        }
        buf_append(out, chunk, (size_t)got);
    }
    close(fd);
    return ok;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t put = write(fd, p, n < (1u << 30) ? n : 1u << 30);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

bool os_write_file(const char *path, const void *data, size_t n, struct err *e)
{
    // A device or pipe (/dev/stdout) is written to; a file is replaced whole or not at all.
    struct stat st;
    bool replace = stat(path, &st) != 0 || S_ISREG(st.st_mode);
    struct buf name = {0};
    buf_puts(&name, path);
    if (replace)
        buf_printf(&name, ".%ld.tmp", (long)getpid());
    int flags = O_WRONLY | O_CLOEXEC | (replace ? O_CREAT | O_EXCL : 0);
    int fd = open(name.data, flags, 0666);
    bool ok = fd >= 0 && write_all(fd, data, n);
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && replace && rename(name.data, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok && replace && fd >= 0)
        unlink(name.data);
    buf_free(&name);
    errno = why;
    return ok ? true : fail(e, path);
}

bool os_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void os_remove_file(const char *path)
{
    unlink(path);
}

void os_remove_directory(const char *path)
{
    rmdir(path);
}
