// SPDX-License-Identifier: Apache-2.0
// What pytest asks of the zip reader:
//
//     check_zip list FILE              "NAME SIZE METHOD OFFSET" per member, or "error: TEXT"
//     check_zip read FILE MEMBER       its bytes in hexadecimal, CRC checked
//     check_zip map FILE MEMBER ALIGN  likewise through a mapping
//     check_zip break FILE SCRATCH     every prefix and every byte changed: all of the above on
//     each;
//                                      prints how many broken files opened
//     check_zip blob SELF NAME PACKED  the label and the size that -m NAME gives; "" is no name
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pack/pack.h"

#define LIMIT (1u << 20)

static void print_hex(const void *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%02x", ((const unsigned char *)data)[i]);
    printf("\n");
}

static int complain(const struct err *e)
{
    printf("error: %s\n", e->text);
    return 0;
}

static int list(struct zip *z)
{
    for (size_t i = 0; i < zip_count(z); i++) {
        const struct zip_entry *entry = zip_at(z, i);
        uint64_t at = 0;
        struct err e = {0};
        bool ok = zip_locate(z, entry, &at, &e);
        printf("%.*s %llu %u %lld\n", (int)entry->name.len, entry->name.data,
               (unsigned long long)entry->size, entry->method, ok ? (long long)at : -1ll);
    }
    return 0;
}

static int read_member(struct zip *z, const char *name, uint64_t align)
{
    struct err e = {0};
    const struct zip_entry *entry = zip_find(z, name);
    struct buf out = {0};
    struct os_map map;
    if (!entry)
        return printf("error: none\n") < 0;
    if (align ? !zip_map(z, entry, align, &map, &e) : !zip_read(z, entry, LIMIT, &out, &e))
        return complain(&e);
    print_hex(align ? map.data : (unsigned char *)out.data, align ? (size_t)map.size : out.len);
    if (align)
        os_unmap(&map);
    buf_free(&out);
    return 0;
}

// Everything there is to ask of one archive; what counts is that nothing goes wrong.
static int torture(const char *path)
{
    struct err e = {0};
    volatile unsigned sum = 0;
    struct zip *z = zip_open(path, NULL, &e);
    if (!z != err_is_set(&e))
        abort();
    for (size_t i = 0; z && i < zip_count(z); i++) {
        struct buf out = {0};
        struct os_map map;
        struct err why = {0};
        if (!zip_read(z, zip_at(z, i), LIMIT, &out, &why) && !err_is_set(&why))
            abort();
        buf_free(&out);
        why = (struct err){0};
        if (!zip_map(z, zip_at(z, i), 1, &map, &why))
            continue;
        for (uint64_t k = 0; k < map.size; k++)
            sum += map.data[k];
        os_unmap(&map);
    }
    bool opened = z != NULL;
    zip_close(z);
    return opened;
}

static void store(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
        abort();
}

static int break_all(const char *path, const char *scratch)
{
    static const unsigned char values[] = {0x00, 0xff, 0x7f, 0x80};
    struct buf file = {0};
    struct err e = {0};
    if (!os_read_file(path, LIMIT, &file, &e))
        return complain(&e);
    int prefixes = 0, changes = 0;
    for (size_t n = 0; n < file.len; n++) {
        store(scratch, file.data, n);
        prefixes += torture(scratch);
    }
    for (size_t i = 0; i < file.len; i++) {
        char old = file.data[i];
        for (size_t v = 0; v < sizeof values; v++) {
            file.data[i] = (char)values[v];
            store(scratch, file.data, file.len);
            changes += torture(scratch);
        }
        file.data[i] = old;
    }
    printf("prefixes %d of %zu, changes %d of %zu\n", prefixes, file.len, changes,
           file.len * sizeof values);
    buf_free(&file);
    return 0;
}

static int blob(const char *self_path, const char *name, bool packed)
{
    struct err e = {0}, no_zip = {0};
    struct self self = {.path = xstrdup(self_path), .argv0 = xstrdup("program")};
    struct blob b;
    self.zip = zip_open(self_path, NULL, &no_zip);
    if (blob_open(&self, *name ? name : NULL, packed, &b, &e)) {
        printf("%s %llu\n", b.label, (unsigned long long)b.map.size);
        blob_close(&b);
    } else {
        complain(&e);
    }
    self_free(&self);
    return 0;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc == 5 && !strcmp(argv[1], "blob"))
        return blob(argv[2], argv[3], atoi(argv[4]));
    if (argc == 4 && !strcmp(argv[1], "break"))
        return break_all(argv[2], argv[3]);
    struct zip *z = argc > 2 ? zip_open(argv[2], NULL, &e) : NULL;
    if (!z)
        return complain(&e);
    int status =
        argc == 3 ? list(z) : read_member(z, argv[3], argc > 4 ? (uint64_t)atoi(argv[4]) : 0);
    zip_close(z);
    return status;
}
