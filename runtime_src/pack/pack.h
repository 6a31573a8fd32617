// SPDX-License-Identifier: Apache-2.0
// Where files inside files are found: the program's own zip, other zips, plain files. Readers check
// every bound (APPNOTE 6.3.10 sections 4.3.7 to 4.3.16). Stored members can be mapped in place;
// nothing is copied.
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include "base/base.h"
#include "platform/platform.h"

// ---- zip.c ----------------------------------------------------------------------------------

#define ZIP_MAX_ENTRIES 1000000        // a model pack has tens; more is damage or an attack
#define ZIP_MAX_DIRECTORY (256u << 20) // bytes of central directory

struct zip_entry {
    struct slice name;
    uint64_t header_offset; // absolute
    uint64_t size, packed_size;
    uint32_t crc32;
    uint16_t flags, method; // method 0 = stored, 8 = deflated
};

struct zip; // an opened archive: file, directory, entries

// NULL and *e when `path` cannot be read or is no zip. *not_zip (may be NULL) tells the latter.
struct zip *zip_open(const char *path, bool *not_zip, struct err *e);
void zip_close(struct zip *z);
size_t zip_count(const struct zip *z);
const struct zip_entry *zip_at(const struct zip *z, size_t i);
const struct zip_entry *zip_find(const struct zip *z,
                                 const char *name); // exact; the last of equal names
const char *zip_path(const struct zip *z);
// The absolute file offset of a stored member's bytes, all within the file.
bool zip_locate(struct zip *z, const struct zip_entry *entry, uint64_t *data_offset, struct err *e);
// Maps a stored member; refuses compressed members, data offsets that are not a multiple of
// `align`, ranges past the end of the file; each with the command that repairs it.
bool zip_map(struct zip *z, const struct zip_entry *entry, uint64_t align, struct os_map *out,
             struct err *e);
// Appends a small stored member's bytes, CRC checked.
bool zip_read(struct zip *z, const struct zip_entry *entry, uint64_t limit, struct buf *out,
              struct err *e);

// ---- self.c ---------------------------------------------------------------------------------
// What the stub told us (PACKLLAMA_SELF, _ARGV0, _TMP), read once and removed from the environment.
struct self {
    char *path;      // the file whose zip is ours: the polyglot (verified by build id) or our own
                     // executable; NULL unknown
    char *argv0;     // how the user called us, for messages
    struct zip *zip; // that file's archive, NULL when it has none
};

// Exits the process with status 0 when PACKLLAMA_SELF is "-" (the stub's self-test).
void self_init(struct self *s, const char *argv0);
void self_free(struct self *s);
// What stands behind the folders of a path, as this system separates them.
const char *self_base_name(const char *path);

// ---- args.c: the `.args` member -------------------------------------------------------------

struct args {
    int argc;
    char **argv;  // NULL-terminated
    bool *packed; // whether argv[i] came from `.args`
};

// Merges the text of `.args` with the command line: exact semantics in args.c's head (quotes,
// comments, $VAR, `...`). env(name) looks variables up. Free the result with args_free.
bool args_merge(struct slice text, int argc, char **argv, const char *(*env)(const char *),
                struct args *out, struct err *e);
void args_free(struct args *a);

// ---- resolve.c: what -m means ---------------------------------------------------------------
// A model file mapped read-only, wherever it lies.
struct blob {
    struct os_map map;
    char *label; // for messages: "FILE" or "FILE@MEMBER"
};

// name: a plain file; a member of our own zip; "ZIP@MEMBER" (only when the part before an @ is an
// existing file); a zip/llamafile with one .gguf inside. NULL = the only .gguf of our own zip.
// `packed`: the name comes from `.args`, so our own member goes before a file. Rules in resolve.c's
// head.
bool blob_open(const struct self *self, const char *name, bool packed, struct blob *out,
               struct err *e);
void blob_close(struct blob *b);

#endif
