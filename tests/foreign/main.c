// SPDX-License-Identifier: Apache-2.0
// foreign-<arch>-<os> PROGRAM [ARG...]: runs PROGRAM in this process. Exit status 121: the loader
// refuses the file; 120: the program called a function that nobody translates.
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

bool verbose;

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "foreign " SYSTEM ": ");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    exit(121);
}

void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (verbose) {
        fprintf(stderr, "foreign " SYSTEM ": ");
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
    }
    va_end(args);
}

int main(int argc, char **argv, char **envp)
{
    if (argc < 2)
        die("usage: %s PROGRAM [ARG...]", argv[0]);
    verbose = getenv("FOREIGN_VERBOSE") != NULL;

    struct stat status;
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        die("%s: cannot be opened", argv[1]);
    size_t size = (size_t)status.st_size;
    void *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED)
        die("%s: cannot be mapped", argv[1]);
    close(fd);

    image_load(file, size);
    errno = 0;
    image_start(argc - 1, argv + 1, envp);
}
