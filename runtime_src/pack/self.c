// SPDX-License-Identifier: Apache-2.0
// Which file are we? A polyglot's stub extracts the executable for this system, runs it, and tells
// it by the environment which file it came from. That is believed only if the file carries our own
// build id. Otherwise we are what the system says: a plain executable, perhaps with a zip behind.
#include "pack/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/build.h"

#define BUILD_ID_MEMBER ".ape/build-id"
#define MAX_BUILD_ID 256

static bool has_our_build_id(struct zip *z)
{
    struct buf id = {0};
    struct err ignored = {0};
    const struct zip_entry *member = zip_find(z, BUILD_ID_MEMBER);
    bool ours = member && zip_read(z, member, MAX_BUILD_ID, &id, &ignored);
    while (id.len && (id.data[id.len - 1] == '\n' || id.data[id.len - 1] == '\r'))
        id.len--;
    ours = ours && *build_id() && slice_is((struct slice){id.data, id.len}, build_id());
    buf_free(&id);
    return ours;
}

static bool is_separator(char c)
{
    return c == '/' || (c == '\\' && os_path_list_separator() == ';');
}

const char *self_base_name(const char *path)
{
    const char *base = path;
    for (const char *p = path; *p; p++)
        if (is_separator(*p))
            base = p + 1;
    return base;
}

// Where a shell would have found argv[0]: for systems that do not tell.
static bool search_path(const char *argv0, struct buf *out)
{
    if (self_base_name(argv0) != argv0) {
        buf_puts(out, argv0);
        return true;
    }
    const char *dirs = os_env("PATH");
    for (const char *dir = dirs; dir && *argv0;) {
        const char *end = strchr(dir, os_path_list_separator());
        size_t len = end ? (size_t)(end - dir) : strlen(dir);
        out->len = 0;
        buf_append(out, dir, len);
        buf_puts(out, len ? "/" : "./");
        buf_puts(out, argv0);
        struct err ignored = {0};
        struct os_file *f = os_open(out->data, NULL, &ignored);
        os_close(f);
        if (f)
            return true;
        dir = end ? end + 1 : NULL;
    }
    out->len = 0;
    return false;
}

static bool executable_path(const char *argv0, struct buf *out)
{
    return os_executable_path(out) || search_path(argv0, out);
}

// Whether the last part of the path is ".NAME.DIGITS", as the stub calls a folder for one run.
static bool is_one_shot_name(const char *directory, const char *name)
{
    const char *base = self_base_name(directory);
    size_t n = strlen(name);
    if (base[0] != '.' || strncmp(base + 1, name, n) != 0 || base[n + 1] != '.')
        return false;
    const char *number = base + n + 2;
    return *number && number[strspn(number, "0123456789")] == 0;
}

// The stub found no place to cache the executable and made a folder for this one run. Nothing is
// removed but our own executable from such a folder, never the file it came from, and the folder
// only when that leaves it empty.
static void remove_one_shot(const char *directory, const char *polyglot, const char *argv0)
{
    struct buf exe = {0}, copy = {0};
    if (executable_path(argv0, &exe)) {
        const char *name = self_base_name(exe.data);
        buf_printf(&copy, "%s/%s", directory, name);
        if (is_one_shot_name(directory, name) && os_same_file(exe.data, copy.data) &&
            !os_same_file(exe.data, polyglot)) {
            os_remove_file(copy.data);
            os_remove_directory(directory);
        }
    }
    buf_free(&exe);
    buf_free(&copy);
}

void self_init(struct self *s, const char *argv0)
{
    *s = (struct self){0};
    const char *told = os_env("PACKLLAMA_SELF");
    if (told && !strcmp(told, "-"))
        exit(0);
    const char *called = os_env("PACKLLAMA_ARGV0"), *one_shot = os_env("PACKLLAMA_TMP");
    struct err ignored = {0};
    if (told && *told) {
        s->zip = zip_open(told, NULL, &ignored);
        if (s->zip && has_our_build_id(s->zip)) {
            s->path = xstrdup(told);
            s->argv0 = called && *called ? xstrdup(called) : NULL;
        } else {
            zip_close(s->zip);
            s->zip = NULL;
        }
    }
    if (!s->argv0)
        s->argv0 = xstrdup(argv0 && *argv0 ? argv0 : "llamafile");
    if (s->path && one_shot)
        remove_one_shot(one_shot, s->path, argv0 ? argv0 : "");
    if (!s->path) {
        struct buf exe = {0};
        struct err unreadable = {0};
        if (executable_path(argv0 ? argv0 : "", &exe)) {
            s->path = xstrdup(exe.data);
            s->zip = zip_open(s->path, NULL, &unreadable);
        }
        buf_free(&exe);
    }
    os_env_remove("PACKLLAMA_SELF");
    os_env_remove("PACKLLAMA_ARGV0");
    os_env_remove("PACKLLAMA_TMP");
}

void self_free(struct self *s)
{
    zip_close(s->zip);
    free(s->path);
    free(s->argv0);
    *s = (struct self){0};
}
