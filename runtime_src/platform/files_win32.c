// SPDX-License-Identifier: Apache-2.0
// Files and mappings on Windows: the wide calls, with UTF-8 at the border. Paths longer than 259
// characters work where the system allows them (the manifest asks for it).
#include "platform/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "platform/wide_win32.h"

struct os_file {
    HANDLE handle;
    uint64_t size;
    char *path;
};

// Views start at multiples of 64 KiB, whatever the page size is.
#define MAP_GRANULARITY 65536u
// So many leftovers of killed processes may lie beside a file that is written.
#define MAX_LEFTOVERS 1000

static bool fail(struct err *e, const char *path)
{
    DWORD code = GetLastError();
    wchar_t wide[256] = {0};
    DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, code,
                             0, wide, 255, NULL);
    while (n && (wide[n - 1] <= L' ' || wide[n - 1] == L'.'))
        wide[--n] = 0;
    char *text = wide_to_utf8(wide);
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
        err_set(e, "%s: No such file or directory", path);
    else if (*text)
        err_set(e, "%s: %s", path, text);
    else
        err_set(e, "%s: system error %lu", path, code);
    free(text);
    return false;
}

static HANDLE open_handle(const char *path)
{
    wchar_t *wide = wide_from_utf8(path);
    HANDLE h =
        CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    DWORD code = GetLastError();
    free(wide);
    SetLastError(code);
    return h;
}

struct os_file *os_open(const char *path, bool *missing, struct err *e)
{
    if (missing)
        *missing = false;
    HANDLE h = open_handle(path);
    if (h == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        // A name Windows cannot have ("a:b@c") is a name no file has.
        if (missing)
            *missing = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ||
                       code == ERROR_INVALID_NAME;
        fail(e, path);
        return NULL;
    }
    BY_HANDLE_FILE_INFORMATION info;
    bool directory = false;
    if (GetFileType(h) == FILE_TYPE_DISK && GetFileInformationByHandle(h, &info)) {
        directory = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
        if (!directory) {
            struct os_file *f = xmalloc(sizeof *f);
            *f = (struct os_file){.handle = h, .path = xstrdup(path)};
            f->size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
            return f;
        }
    }
    err_set(e, "%s: is %s, not a file", path, directory ? "a directory" : "a device or pipe");
    CloseHandle(h);
    return NULL;
}

void os_close(struct os_file *f)
{
    if (!f)
        return;
    CloseHandle(f->handle);
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
        OVERLAPPED at = {0};
        at.Offset = (DWORD)offset;
        at.OffsetHigh = (DWORD)(offset >> 32);
        DWORD got = 0;
        BOOL ok = ReadFile(f->handle, p, n < (1u << 30) ? (DWORD)n : 1u << 30, &got, &at);
        if (!ok && GetLastError() != ERROR_HANDLE_EOF)
            return fail(e, f->path);
        if (got == 0)
            return err_set(e, "%s: ends at byte %llu, more was expected", f->path,
                           (unsigned long long)offset);
        p += got;
        n -= got;
        offset += got;
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
    HANDLE mapping = CreateFileMappingW(f->handle, NULL, PAGE_READONLY, 0, 0, NULL);
    if (!mapping)
        return fail(e, f->path);
    uint64_t skip = offset % MAP_GRANULARITY, start = offset - skip;
    void *base = MapViewOfFile(mapping, FILE_MAP_READ, (DWORD)(start >> 32), (DWORD)start,
                               (SIZE_T)(size + skip));
    bool ok = base != NULL;
    if (!ok)
        fail(e, f->path);
    CloseHandle(mapping); // the view keeps it
    if (!ok)
        return false;
    out->base = base;
    out->base_size = size + skip;
    out->data = (unsigned char *)base + skip;
    return true;
}

void os_unmap(struct os_map *m)
{
    if (m->base)
        UnmapViewOfFile(m->base);
    *m = (struct os_map){0};
}

bool os_read_file(const char *path, uint64_t limit, struct buf *out, struct err *e)
{
    HANDLE h = open_handle(path);
    if (h == INVALID_HANDLE_VALUE)
        return fail(e, path);
    char chunk[16384];
    uint64_t total = 0;
    bool ok = true;
    for (;;) {
        DWORD got = 0;
        if (!ReadFile(h, chunk, sizeof chunk, &got, NULL) && GetLastError() != ERROR_BROKEN_PIPE &&
            GetLastError() != ERROR_HANDLE_EOF)
            ok = fail(e, path);
        if (!ok || got == 0)
            break;
        total += got;
        if (total > limit) {
            ok = err_set(e, "%s: larger than the limit of %llu bytes", path,
                         (unsigned long long)limit);
            break;
        }
        buf_append(out, chunk, got);
    }
    CloseHandle(h);
    return ok;
}

struct os_output {
    HANDLE handle;
    char *path;         // as the caller calls it
    wchar_t *target;    // the file to replace, NULL when `path` is written to directly
    wchar_t *temporary; // beside it
};

// Where the links of an open file lead to. Memory to free().
static wchar_t *final_path(HANDLE h)
{
    DWORD room = GetFinalPathNameByHandleW(h, NULL, 0, FILE_NAME_NORMALIZED);
    wchar_t *path = xcalloc((size_t)room + 1, sizeof *path);
    DWORD n = GetFinalPathNameByHandleW(h, path, room + 1, FILE_NAME_NORMALIZED);
    if (n && n <= room)
        return path;
    free(path);
    return NULL;
}

// A file that is not there yet, beside the one to replace. Leftovers of that name are left alone.
static HANDLE open_temporary(struct os_output *o)
{
    size_t room = wcslen(o->target) + 40;
    o->temporary = xcalloc(room, sizeof *o->temporary);
    for (int i = 0; i < MAX_LEFTOVERS; i++) {
        _snwprintf(o->temporary, room - 1, L"%ls.%lu.%d.tmp", o->target, GetCurrentProcessId(), i);
        HANDLE h = CreateFileW(o->temporary, GENERIC_WRITE, 0, NULL, CREATE_NEW,
                               FILE_ATTRIBUTE_NORMAL, NULL);
        if (h != INVALID_HANDLE_VALUE || GetLastError() != ERROR_FILE_EXISTS)
            return h;
    }
    return INVALID_HANDLE_VALUE;
}

struct os_output *os_create(const char *path, struct err *e)
{
    struct os_output *o = xmalloc(sizeof *o);
    *o = (struct os_output){.handle = INVALID_HANDLE_VALUE, .path = xstrdup(path)};
    wchar_t *wide = wide_from_utf8(path);
    o->handle = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                            OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (o->handle == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND) {
        o->target = wide_from_utf8(path);
        o->handle = open_temporary(o);
    } else if (o->handle != INVALID_HANDLE_VALUE && GetFileType(o->handle) == FILE_TYPE_DISK) {
        o->target = final_path(o->handle);
        CloseHandle(o->handle);
        o->target = o->target ? o->target : wide_from_utf8(path);
        o->handle = open_temporary(o);
    }
    DWORD code = GetLastError();
    free(wide);
    if (o->handle != INVALID_HANDLE_VALUE)
        return o;
    SetLastError(code);
    fail(e, path);
    os_output_close(o, false, e);
    return NULL;
}

bool os_output_write(struct os_output *o, const void *data, size_t n, struct err *e)
{
    for (const char *p = data; n;) {
        DWORD put = 0;
        if (!WriteFile(o->handle, p, n < (1u << 30) ? (DWORD)n : 1u << 30, &put, NULL) || !put)
            return fail(e, o->path);
        p += put;
        n -= put;
    }
    return true;
}

bool os_output_close(struct os_output *o, bool keep, struct err *e)
{
    bool opened = o->handle != INVALID_HANDLE_VALUE, ok = true;
    if (opened && !CloseHandle(o->handle) && keep)
        ok = fail(e, o->path);
    if (opened && o->target) {
        if (ok && keep && !MoveFileExW(o->temporary, o->target, MOVEFILE_REPLACE_EXISTING))
            ok = fail(e, o->path);
        if (!ok || !keep)
            DeleteFileW(o->temporary);
    }
    free(o->path);
    free(o->target);
    free(o->temporary);
    free(o);
    return ok;
}

bool os_same_file(const char *a, const char *b)
{
    BY_HANDLE_FILE_INFORMATION x, y;
    HANDLE first = open_handle(a), second = open_handle(b);
    bool same = first != INVALID_HANDLE_VALUE && second != INVALID_HANDLE_VALUE &&
                GetFileInformationByHandle(first, &x) && GetFileInformationByHandle(second, &y) &&
                x.dwVolumeSerialNumber == y.dwVolumeSerialNumber &&
                x.nFileIndexHigh == y.nFileIndexHigh && x.nFileIndexLow == y.nFileIndexLow;
    if (first != INVALID_HANDLE_VALUE)
        CloseHandle(first);
    if (second != INVALID_HANDLE_VALUE)
        CloseHandle(second);
    return same;
}

void os_remove_file(const char *path)
{
    wchar_t *wide = wide_from_utf8(path);
    DeleteFileW(wide);
    free(wide);
}

void os_remove_directory(const char *path)
{
    wchar_t *wide = wide_from_utf8(path);
    RemoveDirectoryW(wide);
    free(wide);
}
