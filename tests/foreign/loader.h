// SPDX-License-Identifier: Apache-2.0
// What the parts of the foreign loader share. The build defines CONSTANTS (the generated header)
// and SYSTEM ("FreeBSD", ... or "macOS"); for ELF systems INTERPRETER, for macOS MACHO.
#ifndef TESTS_FOREIGN_LOADER_H
#define TESTS_FOREIGN_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include CONSTANTS

// ---- main.c -----------------------------------------------------------------------------------

extern bool verbose;
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2))); // when verbose

// ---- elf.c, macho.c ---------------------------------------------------------------------------

void image_load(const unsigned char *file, size_t size);
_Noreturn void image_start(int argc, char **argv, char **envp);

// ---- tls.c ------------------------------------------------------------------------------------

void tls_describe(const void *initial, size_t initial_size, size_t size, size_t align);
void tls_enter_thread(void); // copies the initial image for the calling thread

// ---- shims_start.c: constructors and destructors of the program ---------------------------------

typedef void constructor(int argc, char **argv, char **envp, char **apple);
void start_set_arrays(constructor **init, size_t init_count, void (**fini)(void),
                      size_t fini_count);
void start_run_init(int argc, char **argv, char **envp);
void start_run_fini(void);
void start_set_process(char **envp, const char *program);

// ---- translate.c --------------------------------------------------------------------------------

int error_to_foreign(int host);
int error_to_host(int foreign);
int *foreign_errno(void); // folds the host's errno in
long open_flags_to_host(long foreign);
long mmap_flags_to_host(long foreign);
long value_to_host(const char *what,
                   long foreign); // what: "madvise", "sysconf" or "clock"; -1 unknown
void stat_to_foreign(const struct stat *host, void *foreign);
FILE *file_to_host(void *foreign);

// ---- resolve.c ----------------------------------------------------------------------------------

struct shim {
    const char *name;
    void *address;
};
extern const struct shim shims_stdio[], shims_files[], shims_threads[], shims_start[];
extern const struct shim shims_aliases[];
extern char foreign_stdio[];      // the program's stdin, stdout, stderr objects
extern long foreign_std_files[3]; // OpenBSD's
void *resolve(const char *import);
// An object of ours that the program keeps a copy of, and back from a pointer into the copy.
void resolve_copied(void *copy, void *original, size_t size);
void *resolve_original(void *object);

#define SHIM(name, function) {name, (void *)(function)}

// ---- Variadic functions
// ----------------------------------------------------------------------------
//
// Apple's arm64 ABI passes all variadic arguments on the stack and a va_list is a plain pointer;
// the host's callers use registers. There a thunk hands the stack pointer to the C body in the
// register after the last named argument.
#if defined(MACHO) && defined(__aarch64__)
#include <stdarg.h>
#include <string.h>
static inline void va_list_from_stack(va_list *list, void *stack)
{
    struct {
        void *stack, *general_top, *vector_top;
        int general_offset, vector_offset;
    } aapcs = {stack, 0, 0, 0, 0};
    memcpy(list, &aapcs, sizeof aapcs);
}
#define VARIADIC(result, name, register, ...)                                                      \
    extern void name(void);                                                                        \
    __asm__(".globl " #name "\n" #name ":\n mov " #register ", sp\n b " #name "_body\n");          \
    __attribute__((used)) result name##_body(__VA_ARGS__, void *stack)
#define VA_BEGIN(list, last)                                                                       \
    va_list list;                                                                                  \
    va_list_from_stack(&list, stack)
#define VA_END(list)
#else
#include <stdarg.h>
#define VARIADIC(result, name, register, ...) static result name(__VA_ARGS__, ...)
#define VA_BEGIN(list, last)                                                                       \
    va_list list;                                                                                  \
    va_start(list, last)
#define VA_END(list) va_end(list)
#endif

#endif
