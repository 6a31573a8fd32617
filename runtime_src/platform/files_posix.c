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

// So many leftovers of killed processes may lie beside a file that is written.
#define MAX_LEFTOVERS 1000

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

struct os_output {
    int fd;
    char *path;      // as the caller calls it
    char *target;    // the file to replace, NULL when `path` is written to directly
    char *temporary; // beside it
};

// The name of a file that is not there yet, opened. Others of that name are left alone: they may
// belong to a process of the same number in another container.
static int open_temporary(struct os_output *o, mode_t mode)
{
    for (int i = 0; i < MAX_LEFTOVERS; i++) {
        struct buf name = {0};
        buf_printf(&name, "%s.%ld", o->target, (long)getpid());
        if (i)
            buf_printf(&name, ".%d", i);
        buf_puts(&name, ".tmp");
        int fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST) {
            o->temporary = name.data;
            return fd;
        }
        buf_free(&name);
    }
    return -1;
}

struct os_output *os_create(const char *path, struct err *e)
{
    struct os_output *o = xmalloc(sizeof *o);
    *o = (struct os_output){.fd = -1, .path = xstrdup(path)};
    struct stat st;
    bool exists = stat(path, &st) == 0, link = !exists && lstat(path, &st) == 0;
    char *real = exists && S_ISREG(st.st_mode) ? realpath(path, NULL) : NULL;
    if (real ? access(path, W_OK) == 0 : !exists && !link) {
        o->target = real ? xstrdup(real) : xstrdup(path);
        o->fd = open_temporary(o, exists ? st.st_mode & 0777 : 0666);
    } else if (!real) {
        // A device, a pipe, a folder (which the system refuses), a link to nothing yet.
        o->fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | (link ? O_CREAT : 0), 0666);
    }
    int why = errno;
    free(real);
    errno = why;
    if (o->fd >= 0)
        return o;
    fail(e, path);
    os_output_close(o, false, e);
    return NULL;
}

bool os_output_write(struct os_output *o, const void *data, size_t n, struct err *e)
{
    for (const char *p = data; n;) {
        // macOS refuses to write 2 GiB or more at once.
        ssize_t put = write(o->fd, p, n < (1u << 30) ? n : 1u << 30);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return fail(e, o->path);
        p += put;
        n -= (size_t)put;
    }
    return true;
}

bool os_output_close(struct os_output *o, bool keep, struct err *e)
{
    bool opened = o->fd >= 0, ok = true;
    if (opened && close(o->fd) != 0 && keep)
        ok = fail(e, o->path);
    if (opened && o->target) {
        if (ok && keep && rename(o->temporary, o->target) != 0)
            ok = fail(e, o->path);
        if (!ok || !keep)
            unlink(o->temporary);
    }
    free(o->path);
    free(o->target);
    free(o->temporary);
    free(o);
    return ok;
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
