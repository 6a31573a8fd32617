// SPDX-License-Identifier: Apache-2.0
// Buffered output. The program's stdin, stdout and stderr are objects of its own libc; they stand
// for the host's. Files it opens are the host's and need no translation.
#include "loader.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#ifdef FS_FILE
#define FILE_SIZE FS_FILE
#else
#define FILE_SIZE 8
#endif

char foreign_stdio[3 * FILE_SIZE + 8];
long foreign_std_files[3];
static void *std_pointers[3] = {foreign_stdio, foreign_stdio + FILE_SIZE,
                                foreign_stdio + 2 * FILE_SIZE};

FILE *file_to_host(void *foreign)
{
    FILE *const host[3] = {stdin, stdout, stderr};
    foreign = resolve_original(foreign);
    for (int i = 0; i < 3; i++)
        if (foreign == std_pointers[i] || foreign == &foreign_std_files[i])
            return host[i];
    return foreign;
}

// ---- printf and its family
// ------------------------------------------------------------------------

VARIADIC(int, shim_printf, x1, const char *format)
{
    VA_BEGIN(args, format);
    int n = vprintf(format, args);
    VA_END(args);
    return n;
}

VARIADIC(int, shim_fprintf, x2, void *file, const char *format)
{
    VA_BEGIN(args, format);
    int n = vfprintf(file_to_host(file), format, args);
    VA_END(args);
    return n;
}

VARIADIC(int, shim_sprintf, x2, char *out, const char *format)
{
    VA_BEGIN(args, format);
    int n = vsprintf(out, format, args);
    VA_END(args);
    return n;
}

VARIADIC(int, shim_snprintf, x3, char *out, size_t size, const char *format)
{
    VA_BEGIN(args, format);
    int n = vsnprintf(out, size, format, args);
    VA_END(args);
    return n;
}

VARIADIC(int, shim_sscanf, x2, const char *text, const char *format)
{
    VA_BEGIN(args, format);
    int n = vsscanf(text, format, args);
    VA_END(args);
    return n;
}

#if defined(MACHO) && defined(__aarch64__)
static int shim_vfprintf(void *file, const char *format, void *stack)
{
    va_list args;
    va_list_from_stack(&args, stack);
    return vfprintf(file_to_host(file), format, args);
}

static int shim_vsnprintf(char *out, size_t size, const char *format, void *stack)
{
    va_list args;
    va_list_from_stack(&args, stack);
    return vsnprintf(out, size, format, args);
}
#else
static int shim_vfprintf(void *file, const char *format, va_list args)
{
    return vfprintf(file_to_host(file), format, args);
}

static int shim_vsnprintf(char *out, size_t size, const char *format, va_list args)
{
    return vsnprintf(out, size, format, args);
}
#endif

// ---- The rest
// ----------------------------------------------------------------------------------------

static int shim_fputs(const char *text, void *file)
{
    return fputs(text, file_to_host(file));
}

static int shim_fputc(int c, void *file)
{
    return fputc(c, file_to_host(file));
}

static size_t shim_fwrite(const void *data, size_t size, size_t count, void *file)
{
    return fwrite(data, size, count, file_to_host(file));
}

static size_t shim_fread(void *data, size_t size, size_t count, void *file)
{
    return fread(data, size, count, file_to_host(file));
}

static int shim_fflush(void *file)
{
    return fflush(file ? file_to_host(file) : NULL);
}

static char *shim_fgets(char *line, int size, void *file)
{
    return fgets(line, size, file_to_host(file));
}

static int shim_fgetc(void *file)
{
    return fgetc(file_to_host(file));
}

static int shim_fclose(void *file)
{
    return fclose(file_to_host(file));
}

static int shim_ferror(void *file)
{
    return ferror(file_to_host(file));
}

static int shim_feof(void *file)
{
    return feof(file_to_host(file));
}

static int shim_fileno(void *file)
{
    return fileno(file_to_host(file));
}

static int shim_setvbuf(void *file, char *buffer, int mode, size_t size)
{
    return setvbuf(file_to_host(file), buffer, mode, size);
}

// The BSDs' putc is a macro that calls this when the (here always full) buffer overflows; the count
// beside the buffer pointer must not stay negative.
static int shim_swbuf(int c, void *file)
{
    ((int *)file)[3] = 0;
    return fputc(c, file_to_host(file));
}

static char *shim_strerror(int foreign)
{
    return strerror(error_to_host(foreign));
}

static void shim_perror(const char *text)
{
    fprintf(stderr, "%s: %s\n", text, strerror(error_to_host(*foreign_errno())));
}

const struct shim shims_stdio[] = {
    SHIM("printf", shim_printf),
    SHIM("fprintf", shim_fprintf),
    SHIM("sprintf", shim_sprintf),
    SHIM("snprintf", shim_snprintf),
    SHIM("sscanf", shim_sscanf),
    SHIM("vfprintf", shim_vfprintf),
    SHIM("vsnprintf", shim_vsnprintf),
    SHIM("fputs", shim_fputs),
    SHIM("fputc", shim_fputc),
    SHIM("putc", shim_fputc),
    SHIM("fwrite", shim_fwrite),
    SHIM("fread", shim_fread),
    SHIM("fflush", shim_fflush),
    SHIM("fgets", shim_fgets),
    SHIM("fgetc", shim_fgetc),
    SHIM("getc", shim_fgetc),
    SHIM("fclose", shim_fclose),
    SHIM("ferror", shim_ferror),
    SHIM("feof", shim_feof),
    SHIM("fileno", shim_fileno),
    SHIM("setvbuf", shim_setvbuf),
    SHIM("__swbuf", shim_swbuf),
    SHIM("strerror", shim_strerror),
    SHIM("perror", shim_perror),
    SHIM("__error", foreign_errno),
    SHIM("__errno", foreign_errno),
    SHIM("__stdinp", &std_pointers[0]),
    SHIM("__stdoutp", &std_pointers[1]),
    SHIM("__stderrp", &std_pointers[2]),
    SHIM("__sF", foreign_stdio),
    SHIM("__stdin", &foreign_std_files[0]),
    SHIM("__stdout", &foreign_std_files[1]),
    SHIM("__stderr", &foreign_std_files[2]),
    {NULL, NULL},
};
