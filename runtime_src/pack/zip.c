// SPDX-License-Identifier: Apache-2.0
// Reading zip archives: find the end record, read the central directory once, then look members up.
//
// Offsets in a directory count from the start of the archive. Ours are absolute file offsets, but
// an archive that was glued behind a program without correction begins later; both are read. The
// directory is where the end record says, or else it ends where the end record begins.
#include "pack/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EOCD_SIG 0x06054b50u // end of central directory, APPNOTE 4.3.16
#define EOCD_SIZE 22
#define LOCATOR_SIG 0x07064b50u // zip64 end of central directory locator, 4.3.15
#define LOCATOR_SIZE 20
#define EOCD64_SIG 0x06064b50u // zip64 end of central directory record, 4.3.14
#define EOCD64_SIZE 56
#define CENTRAL_SIG 0x02014b50u // central directory header, 4.3.12
#define CENTRAL_SIZE 46
#define LOCAL_SIG 0x04034b50u // local file header, 4.3.7
#define LOCAL_SIZE 30
#define EXTRA_ZIP64 0x0001 // 4.5.3
#define FLAG_ENCRYPTED 1

// The comment has a 16-bit length. A signing tool may put a certificate behind it all, so we look
// for the end record this far from the end of the file.
#define TAIL_SIZE (EOCD_SIZE + 65535 + 65536)

// A comment can hold what looks like an end record; nobody needs many of them.
#define MAX_CANDIDATES 16

struct zip {
    struct os_file *file;
    char *path;
    struct buf directory; // the names point into it
    struct zip_entry *entries;
    size_t count;
};

// Where the directory is, as the end records tell it.
struct directory {
    uint64_t count, size, offset;
    uint64_t end; // where the records that tell it begin
};

// ---- Finding the directory ------------------------------------------------------------------

static bool read_eocd64(struct zip *z, uint64_t eocd, struct directory *d, struct err *e)
{
    unsigned char rec[EOCD64_SIZE];
    if (eocd < LOCATOR_SIZE + EOCD64_SIZE)
        return true;
    if (!os_read_at(z->file, eocd - LOCATOR_SIZE, rec, LOCATOR_SIZE, e))
        return false;
    if (le32(rec) != LOCATOR_SIG)
        return true; // a plain archive whose numbers happen to be at their limits
    uint64_t at = le64(rec + 8), last = eocd - LOCATOR_SIZE - EOCD64_SIZE;
    if (at > last || !os_read_at(z->file, at, rec, EOCD64_SIZE, e) || le32(rec) != EOCD64_SIG) {
        at = last; // behind a program, or a damaged locator
        if (err_is_set(e) || !os_read_at(z->file, at, rec, EOCD64_SIZE, e))
            return false;
    }
    if (le32(rec) != EOCD64_SIG)
        return err_set(e, "%s: the zip64 end record is missing; the file is damaged", z->path);
    if (le32(rec + 16) != 0 || le32(rec + 20) != 0)
        return err_set(e, "%s: is one part of a multi-part zip; join the parts", z->path);
    if (d->count == 0xffff)
        d->count = le64(rec + 32);
    if (d->size == 0xffffffff)
        d->size = le64(rec + 40);
    if (d->offset == 0xffffffff)
        d->offset = le64(rec + 48);
    d->end = at;
    return true;
}

// The record at absolute offset `eocd`, whose bytes are `rec`.
static bool read_eocd(struct zip *z, uint64_t eocd, const unsigned char *rec, struct directory *d,
                      struct err *e)
{
    *d = (struct directory){le16(rec + 10), le32(rec + 12), le32(rec + 16), eocd};
    if (!read_eocd64(z, eocd, d, e))
        return false;
    if (le16(rec + 4) != 0 && le16(rec + 4) != 0xffff)
        return err_set(e, "%s: is one part of a multi-part zip; join the parts", z->path);
    if (d->count > ZIP_MAX_ENTRIES || d->size > ZIP_MAX_DIRECTORY)
        return err_set(e,
                       "%s: the zip directory names %llu members in %llu bytes; our limits are %d "
                       "and %u",
                       z->path, (unsigned long long)d->count, (unsigned long long)d->size,
                       ZIP_MAX_ENTRIES, ZIP_MAX_DIRECTORY);
    if (d->size > d->end || d->count > d->size / CENTRAL_SIZE)
        return err_set(e,
                       "%s: the zip directory has %llu members in %llu bytes, which cannot be; "
                       "the file is damaged",
                       z->path, (unsigned long long)d->count, (unsigned long long)d->size);
    return true;
}

// ---- Reading the directory ------------------------------------------------------------------

// Replaces the fields that are at their limits by the zip64 extra field's, which lists only those.
static bool read_zip64_extra(struct cursor extra, struct zip_entry *entry)
{
    while (cursor_has(&extra, 4)) {
        uint16_t id = cursor_u16(&extra), len = cursor_u16(&extra);
        struct cursor field = cursor_of(cursor_bytes(&extra, len), len);
        if (extra.failed)
            return false;
        if (id != EXTRA_ZIP64)
            continue;
        if (entry->size == 0xffffffff)
            entry->size = cursor_u64(&field);
        if (entry->packed_size == 0xffffffff)
            entry->packed_size = cursor_u64(&field);
        if (entry->header_offset == 0xffffffff)
            entry->header_offset = cursor_u64(&field);
        return !field.failed;
    }
    return true;
}

static bool read_central(struct cursor *c, struct zip_entry *entry)
{
    const unsigned char *h = cursor_bytes(c, CENTRAL_SIZE);
    if (!h || le32(h) != CENTRAL_SIG)
        return false;
    *entry = (struct zip_entry){
        .flags = le16(h + 8),
        .method = le16(h + 10),
        .crc32 = le32(h + 16),
        .packed_size = le32(h + 20),
        .size = le32(h + 24),
        .header_offset = le32(h + 42),
    };
    uint16_t name_len = le16(h + 28), extra_len = le16(h + 30), comment_len = le16(h + 32);
    entry->name = (struct slice){cursor_bytes(c, name_len), name_len};
    const void *extra = cursor_bytes(c, extra_len);
    cursor_bytes(c, comment_len);
    return !c->failed && read_zip64_extra(cursor_of(extra, extra_len), entry);
}

// Reads all entries of the directory at absolute offset `at`. What the directory says about offsets
// is corrected by `bias`.
static bool read_directory(struct zip *z, const struct directory *d, uint64_t at, uint64_t bias,
                           struct err *e)
{
    z->directory.len = 0;
    buf_append(&z->directory, "", 1); // never without memory, also for no members
    z->directory.len = 0;
    if (d->size) {
        void *room = xmalloc((size_t)d->size);
        bool ok = os_read_at(z->file, at, room, (size_t)d->size, e);
        buf_append(&z->directory, room, ok ? (size_t)d->size : 0);
        free(room);
        if (!ok)
            return false;
    }
    free(z->entries);
    z->entries = xcalloc((size_t)d->count, sizeof *z->entries);
    z->count = 0;
    struct cursor c = cursor_of(z->directory.data, z->directory.len);
    for (; z->count < d->count; z->count++) {
        struct zip_entry *entry = &z->entries[z->count];
        if (!read_central(&c, entry))
            return err_set(e, "%s: member %zu of the zip directory (byte %llu) is damaged", z->path,
                           z->count, (unsigned long long)(at + c.pos));
        entry->header_offset += bias;
        if (entry->header_offset < bias)
            entry->header_offset = UINT64_MAX; // zip_locate refuses it
    }
    return true;
}

// Tries the end record at `eocd`: the directory where it says, else right before the record.
static bool open_at(struct zip *z, uint64_t eocd, const unsigned char *rec, struct err *e)
{
    struct directory d;
    struct err absolute = {0};
    if (!read_eocd(z, eocd, rec, &d, e))
        return false;
    uint64_t adjacent = d.end - d.size;
    if (d.offset <= adjacent && read_directory(z, &d, d.offset, 0, &absolute))
        return true;
    if (d.offset < adjacent && read_directory(z, &d, adjacent, adjacent - d.offset, e))
        return true;
    if (err_is_set(&absolute))
        *e = absolute;
    return err_set(e,
                   "%s: the zip directory would begin at byte %llu of %llu; the file is damaged or "
                   "not whole",
                   z->path, (unsigned long long)d.offset,
                   (unsigned long long)os_file_size(z->file));
}

// Looks for end records from the end of the file backwards; the first one that makes sense counts.
// Without any, the complaint about the one nearest to the end.
static bool find_directory(struct zip *z, bool *not_zip, struct err *e)
{
    uint64_t size = os_file_size(z->file), tail_size = size < TAIL_SIZE ? size : TAIL_SIZE;
    unsigned char *tail = xmalloc((size_t)tail_size);
    struct err first = {0};
    bool ok = os_read_at(z->file, size - tail_size, tail, (size_t)tail_size, e);
    bool found = false;
    int tried = 0;
    for (uint64_t back = EOCD_SIZE; ok && !found && back <= tail_size && tried < MAX_CANDIDATES;
         back++) {
        const unsigned char *rec = tail + tail_size - back;
        if (rec[0] != 'P' || le32(rec) != EOCD_SIG || le16(rec + 20) > back - EOCD_SIZE)
            continue;
        struct err why = {0};
        tried++;
        found = open_at(z, size - back, rec, &why);
        if (!found)
            err_set(&first, "%s", why.text);
    }
    free(tail);
    if (ok && !found && !tried) {
        *not_zip = true;
        err_set(e, "%s: is not a zip file (no end record)", z->path);
    } else if (ok && !found) {
        err_set(e, "%s", first.text);
    }
    return found;
}

// ---- The archive ----------------------------------------------------------------------------

struct zip *zip_open(const char *path, bool *not_zip, struct err *e)
{
    bool ignored;
    not_zip = not_zip ? not_zip : &ignored;
    *not_zip = false;
    struct os_file *file = os_open(path, NULL, e);
    if (!file)
        return NULL;
    struct zip *z = xcalloc(1, sizeof *z);
    z->file = file;
    z->path = xstrdup(path);
    if (!find_directory(z, not_zip, e)) {
        zip_close(z);
        return NULL;
    }
    return z;
}

void zip_close(struct zip *z)
{
    if (!z)
        return;
    os_close(z->file);
    buf_free(&z->directory);
    free(z->entries);
    free(z->path);
    free(z);
}

size_t zip_count(const struct zip *z)
{
    return z->count;
}

const struct zip_entry *zip_at(const struct zip *z, size_t i)
{
    return &z->entries[i];
}

const struct zip_entry *zip_find(const struct zip *z, const char *name)
{
    for (size_t i = z->count; i-- > 0;)
        if (slice_is(z->entries[i].name, name))
            return &z->entries[i];
    return NULL;
}

const char *zip_path(const struct zip *z)
{
    return z->path;
}

// ---- Members --------------------------------------------------------------------------------

// "zipalign -j0 FILE MEMBER": puts the file of that name back, stored and aligned. -j would cut
// folders off a member's name.
static void repair_command(const struct zip *z, struct slice member, struct buf *out)
{
    char *name = xstrndup(member.data, member.len);
    buf_puts(out, strchr(name, '/') ? "zipalign -0 " : "zipalign -j0 ");
    buf_shell_quoted(out, z->path);
    buf_putc(out, ' ');
    buf_shell_quoted(out, name);
    free(name);
}

static bool refuse(const struct zip *z, const struct zip_entry *entry, const char *rule,
                   const char *cure, struct err *e)
{
    struct buf command = {0};
    repair_command(z, entry->name, &command);
    err_set(e, "%s: %.*s %s; %s it: %s", z->path, (int)entry->name.len, entry->name.data, rule,
            cure, command.data);
    buf_free(&command);
    return false;
}

bool zip_locate(struct zip *z, const struct zip_entry *entry, uint64_t *data_offset, struct err *e)
{
    unsigned char h[LOCAL_SIZE];
    uint64_t size = os_file_size(z->file), at = entry->header_offset;
    char rule[100];
    if (entry->flags & FLAG_ENCRYPTED)
        return refuse(z, entry, "is encrypted", "store", e);
    if (entry->method != 0) {
        snprintf(rule, sizeof rule, "is compressed (method %u)", entry->method);
        return refuse(z, entry, rule, "store", e);
    }
    if (entry->size != entry->packed_size)
        return refuse(z, entry, "has two different sizes in the zip directory", "replace", e);
    if (at > size || size - at < LOCAL_SIZE)
        return refuse(z, entry, "begins past the end of the file, which is damaged or not whole",
                      "replace", e);
    if (!os_read_at(z->file, at, h, sizeof h, e))
        return false;
    if (le32(h) != LOCAL_SIG)
        return refuse(z, entry, "has no local header where the zip directory says", "replace", e);
    at += LOCAL_SIZE + le16(h + 26) + le16(h + 28);
    if (at > size || entry->size > size - at)
        return refuse(z, entry, "reaches past the end of the file, which is damaged or not whole",
                      "replace", e);
    *data_offset = at;
    return true;
}

bool zip_map(struct zip *z, const struct zip_entry *entry, uint64_t align, struct os_map *out,
             struct err *e)
{
    uint64_t at;
    char rule[100];
    if (!zip_locate(z, entry, &at, e))
        return false;
    if (at % align != 0) {
        snprintf(rule, sizeof rule, "is misaligned: byte %llu is not a multiple of %llu",
                 (unsigned long long)at, (unsigned long long)align);
        return refuse(z, entry, rule, "align", e);
    }
    return os_map_file(z->file, at, entry->size, out, e);
}

// CRC-32 of zip (reflected 0xedb88320), bit by bit: it serves members of a few kilobytes.
static uint32_t crc32_small(const unsigned char *p, size_t n)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

bool zip_read(struct zip *z, const struct zip_entry *entry, uint64_t limit, struct buf *out,
              struct err *e)
{
    uint64_t at;
    if (!zip_locate(z, entry, &at, e))
        return false;
    if (entry->size > limit)
        return err_set(e, "%s: %.*s has %llu bytes, more than the limit of %llu", z->path,
                       (int)entry->name.len, entry->name.data, (unsigned long long)entry->size,
                       (unsigned long long)limit);
    unsigned char *data = xmalloc((size_t)entry->size);
    bool ok = os_read_at(z->file, at, data, (size_t)entry->size, e);
    if (ok && crc32_small(data, (size_t)entry->size) != entry->crc32)
        ok = refuse(z, entry, "is damaged (wrong CRC-32)", "replace", e);
    if (ok)
        buf_append(out, data, (size_t)entry->size);
    free(data);
    return ok;
}
