// SPDX-License-Identifier: Apache-2.0
// What a model's name means. The first of these that exists:
//
//   1. a plain file: a GGUF, or a zip (a llamafile) with exactly one .gguf member;
//   2. a member of our own zip, by its exact name; "/zip/NAME" is the same;
//   3. ZIP@MEMBER, for any @ whose left side is an existing file.
//
// A name that comes from `.args` tries 2 before 1: the weights in the file are what its packer
// meant, and a stray file of that name in the current directory must not replace them. What the
// user types means the user's file first. No name means the only .gguf of our own zip.
#include "pack/pack.h"

#include <stdlib.h>
#include <string.h>

// GGUF aligns each tensor to 32 bytes within the file (general.alignment's default), and kernels
// read whole vectors of that size; so the file itself must start at a multiple of it.
#define GGUF_ALIGN 32

static bool is_gguf_name(struct slice name)
{
    static const char suffix[] = ".gguf";
    size_t n = sizeof suffix - 1;
    if (name.len <= n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name.data[name.len - n + i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != suffix[i])
            return false;
    }
    return true;
}

// A member hidden by a later one of the same name does not count.
static bool is_visible(const struct zip *z, const struct zip_entry *entry)
{
    char *name = xstrndup(entry->name.data, entry->name.len);
    bool last = zip_find(z, name) == entry;
    free(name);
    return last;
}

// Lists the .gguf members into *names and returns their number; *only is the last one seen.
static size_t list_models(const struct zip *z, struct buf *names, const struct zip_entry **only)
{
    size_t n = 0;
    for (size_t i = 0; z && i < zip_count(z); i++) {
        const struct zip_entry *entry = zip_at(z, i);
        if (!is_gguf_name(entry->name) || !is_visible(z, entry))
            continue;
        buf_puts(names, n++ ? ", " : "");
        buf_append(names, entry->name.data, entry->name.len);
        *only = entry;
    }
    return n;
}

static bool map_member(struct zip *z, const struct zip_entry *entry, struct blob *out,
                       struct err *e)
{
    if (!zip_map(z, entry, GGUF_ALIGN, &out->map, e))
        return false;
    struct buf label = {0};
    buf_printf(&label, "%s@", zip_path(z));
    buf_append(&label, entry->name.data, entry->name.len);
    out->label = label.data;
    return true;
}

// The only model of an archive.
static bool map_only_model(struct zip *z, struct blob *out, struct err *e)
{
    struct buf names = {0};
    const struct zip_entry *only = NULL;
    size_t n = list_models(z, &names, &only);
    bool ok = false;
    if (n == 1) {
        ok = map_member(z, only, out, e);
    } else if (n > 1) {
        err_set(e, "%s: holds %zu models; choose one with -m: %s", zip_path(z), n, names.data);
    } else {
        struct buf file = {0};
        buf_shell_quoted(&file, zip_path(z));
        err_set(e, "%s: holds no .gguf; add one: zipalign -j0 %s weights.gguf", zip_path(z),
                file.data);
        buf_free(&file);
    }
    buf_free(&names);
    return ok;
}

static bool map_plain_file(const char *path, struct os_file *file, struct blob *out, struct err *e)
{
    unsigned char magic[4] = {0};
    uint64_t size = os_file_size(file);
    bool not_zip = false;
    if (size >= sizeof magic && !os_read_at(file, 0, magic, sizeof magic, e))
        return false;
    if (memcmp(magic, "GGUF", 4) == 0) {
        if (!os_map_file(file, 0, size, &out->map, e))
            return false;
        out->label = xstrdup(path);
        return true;
    }
    struct zip *z = zip_open(path, &not_zip, e);
    if (!z && not_zip) {
        *e = (struct err){0};
        return err_set(e, "%s: is neither a GGUF file nor a zip that holds one", path);
    }
    bool ok = z && map_only_model(z, out, e);
    zip_close(z);
    return ok;
}

// ZIP@MEMBER at any @; *matched tells that some left side is a file.
static bool map_zip_at(const char *name, bool *matched, struct blob *out, struct err *e)
{
    for (const char *at = strchr(name, '@'); at; at = strchr(at + 1, '@')) {
        char *path = xstrndup(name, (size_t)(at - name));
        struct err unreadable = {0};
        struct os_file *f = *path ? os_open(path, NULL, &unreadable) : NULL;
        os_close(f);
        struct zip *z = f ? zip_open(path, NULL, e) : NULL;
        free(path);
        if (!f)
            continue;
        *matched = true;
        const struct zip_entry *entry = z ? zip_find(z, at + 1) : NULL;
        bool ok = entry && map_member(z, entry, out, e);
        if (z && !entry) {
            struct buf names = {0};
            const struct zip_entry *only;
            bool some = list_models(z, &names, &only);
            err_set(e, "%s: has no member %s; its models: %s", zip_path(z), at + 1,
                    some ? names.data : "none");
            buf_free(&names);
        }
        zip_close(z);
        return ok;
    }
    return false;
}

static const struct zip_entry *own_member(const struct self *self, const char *name)
{
    if (!self->zip)
        return NULL;
    const struct zip_entry *entry = zip_find(self->zip, name);
    if (!entry && strncmp(name, "/zip/", 5) == 0)
        entry = zip_find(self->zip, name + 5);
    return entry;
}

static bool nothing_found(const struct self *self, const char *name, struct err *e)
{
    struct buf names = {0};
    const struct zip_entry *only;
    if (list_models(self->zip, &names, &only))
        err_set(e, "%s: No such file, and no such member of %s, which holds: %s", name, self->path,
                names.data);
    else
        err_set(e, "%s: No such file or directory", name);
    buf_free(&names);
    return false;
}

static bool no_name(const struct self *self, struct blob *out, struct err *e)
{
    struct buf names = {0}, file = {0};
    const struct zip_entry *only;
    if (self->zip && list_models(self->zip, &names, &only)) {
        buf_free(&names);
        return map_only_model(self->zip, out, e);
    }
    buf_shell_quoted(&file, self->path ? self->path : self->argv0);
    err_set(e,
            "there are no weights in this file; name some with -m FILE, or put them in: "
            "zipalign -j0 %s weights.gguf",
            file.data);
    buf_free(&file);
    return false;
}

bool blob_open(const struct self *self, const char *name, bool packed, struct blob *out,
               struct err *e)
{
    *out = (struct blob){0};
    if (!name)
        return no_name(self, out, e);
    const struct zip_entry *own = own_member(self, name);
    if (own && packed)
        return map_member(self->zip, own, out, e);
    struct err why = {0};
    bool missing, matched = false;
    struct os_file *file = os_open(name, &missing, &why);
    if (file) {
        bool ok = map_plain_file(name, file, out, e);
        os_close(file);
        return ok;
    }
    if (!missing)
        return err_set(e, "%s", why.text);
    if (own)
        return map_member(self->zip, own, out, e);
    if (map_zip_at(name, &matched, out, e))
        return true;
    return matched ? false : nothing_found(self, name, e);
}

void blob_close(struct blob *b)
{
    os_unmap(&b->map);
    free(b->label);
    *b = (struct blob){0};
}
