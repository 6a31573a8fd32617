// SPDX-License-Identifier: Apache-2.0
// The operating system, behind one door: *_posix.c and *_win32.c implement the same functions, the
// build picks one. Everything above is free of system #ifdefs. All paths and texts are UTF-8 on
// every system.
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include "base/base.h"

// ---- Files ----------------------------------------------------------------------------------

struct os_file; // opaque, read-only

// NULL on failure with *e = "PATH: reason". *missing (may be NULL) tells "no such file" from other
// errors.
struct os_file *os_open(const char *path, bool *missing, struct err *e);
void os_close(struct os_file *f);
uint64_t os_file_size(const struct os_file *f);
// Reads exactly n bytes at `offset`, or fails.
bool os_read_at(struct os_file *f, uint64_t offset, void *out, size_t n, struct err *e);

// Read-only shared mapping of [offset, offset+size) of a file; `data` points at `offset` itself
// whatever the system's granularity is. The mapping outlives the file. size 0 gives data == "" and
// no mapping.
struct os_map {
    const unsigned char *data;
    uint64_t size;
    void *base; // for os_unmap
    uint64_t base_size;
};
bool os_map_file(struct os_file *f, uint64_t offset, uint64_t size, struct os_map *out,
                 struct err *e);
void os_unmap(struct os_map *m);
// Whole small file into *out (limit in bytes; larger is an error). "-" is not special here.
bool os_read_file(const char *path, uint64_t limit, struct buf *out, struct err *e);

// A file being written, piece by piece. A device or pipe (/dev/stdout) is written to as it is; a
// file, or what a link leads to, is replaced whole by os_output_close or not at all.
struct os_output;
// NULL and *e = "PATH: reason" when nothing can be written there.
struct os_output *os_create(const char *path, struct err *e);
bool os_output_write(struct os_output *o, const void *data, size_t n, struct err *e);
// Ends the file and frees `o`; with `keep` false a file there was stays as it is. False and *e when
// it could not be kept.
bool os_output_close(struct os_output *o, bool keep, struct err *e);

// Absolute path of the running executable into *out; false where the system does not tell
// (OpenBSD).
bool os_executable_path(struct buf *out);
// Whether both paths lead to one and the same file.
bool os_same_file(const char *a, const char *b);
void os_remove_file(const char *path);      // best effort
void os_remove_directory(const char *path); // best effort, only when empty

// ---- Threads --------------------------------------------------------------------------------

struct os_thread;
struct os_mutex;
struct os_cond;

struct os_thread *os_thread_start(void (*fn)(void *),
                                  void *arg); // NULL when the system has no more
void os_thread_join(struct os_thread *t);
struct os_mutex *os_mutex_new(void);
void os_mutex_free(struct os_mutex *m);
void os_mutex_lock(struct os_mutex *m);
void os_mutex_unlock(struct os_mutex *m);
struct os_cond *os_cond_new(void);
void os_cond_free(struct os_cond *c);
void os_cond_wait(struct os_cond *c, struct os_mutex *m);
void os_cond_signal(struct os_cond *c);
void os_cond_broadcast(struct os_cond *c);

// ---- Machine --------------------------------------------------------------------------------

int os_cpu_count(void); // processors this process may use (affinity respected), >= 1
uint64_t os_memory_available(
    void); // bytes that can be allocated without swapping (container limits respected); 0 = unknown
size_t os_page_size(void);
uint64_t os_now_ns(void);      // monotonic
uint64_t os_random_seed(void); // differs from run to run

// ---- Process and terminal -------------------------------------------------------------------

// Windows: replaces *argv by UTF-8 arguments from the wide command line. Elsewhere nothing.
void os_args_utf8(int *argc, char ***argv);
const char *os_env(const char *name);
void os_env_remove(const char *name);
// What separates the directories of PATH: ':' or ';'.
char os_path_list_separator(void);
bool os_is_terminal(int fd);   // 0, 1, 2
int os_terminal_width(int fd); // columns, 80 when unknown
// Before anything is opened. Unix: descriptors 0 to 2 that the caller closed lead to /dev/null, so
// that no file of ours gets their numbers. Windows: UTF-8 and ANSI sequences for stdout/stderr
// until the process ends, binary stdin/stdout.
void os_terminal_setup(void);
// Ctrl-C: after os_interrupt_catch the flag is raised instead of ending the process;
// os_interrupt_taken reads and clears it. A second Ctrl-C while the flag is still raised ends the
// process. Nothing changes when the caller had us ignore Ctrl-C.
void os_interrupt_catch(void);
void os_interrupt_release(void);
bool os_interrupt_taken(void);
bool os_interrupt_pending(void);
// Ends the process as Ctrl-C would have, so that a shell's loop around it ends too. Returns where
// there is no such thing; exit with status 130 then.
void os_interrupt_end(void);
// Raw mode for line editing on a terminal; false when impossible. Keys are read as bytes (escape
// sequences on all systems). A process that ends leaves it.
bool os_raw_mode(bool on);
// Stops the process as Ctrl-Z does, until the shell continues it; nothing where there is no such
// thing. Leave raw mode first.
void os_suspend(void);
// Standard input, blocking. Negative: its end or Ctrl-C, or an input that cannot be read.
enum { OS_END_OF_INPUT = -1, OS_UNREADABLE = -2 };
int os_read_byte(void);
// The same in raw mode, but OS_END_OF_INPUT when no byte comes soon: what follows Esc in the
// sequence of one key does.
int os_read_byte_soon(void);

#endif
