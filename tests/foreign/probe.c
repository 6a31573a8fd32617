// SPDX-License-Identifier: Apache-2.0
// What the runtime needs of a system's libc, in one program; its output is the same everywhere.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int go;
static _Atomic long total;
static _Thread_local int own = 7;
static _Thread_local long zeroed[9];

__attribute__((constructor)) static void constructed(void)
{
    go = -1;
}

static void *add(void *argument)
{
    pthread_mutex_lock(&mutex);
    while (go < 1)
        pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 10000; i++)
        total++;
    own++;
    zeroed[8] += own;
    return (char *)argument + zeroed[8];
}

static void threads(void)
{
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, add, NULL);
    pthread_mutex_lock(&mutex);
    go = 1;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&mutex);
    long results = 0;
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(thread[i], &result);
        results += (long)result;
    }
    printf("threads %ld %ld own %d %ld\n", (long)total, results, own, zeroed[8]);
}

static void files(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    fstat(fd, &status);
    char *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    madvise(map, (size_t)status.st_size, MADV_WILLNEED);
    char bytes[6] = {0};
    printf("file %lld %.5s %d\n", (long long)status.st_size, map, (int)pread(fd, bytes, 5, 3));
    munmap(map, (size_t)status.st_size);
    close(fd);
    fd = open("/nonexistent/file", O_RDONLY);
    printf("errno %d %s\n", errno == ENOENT, strerror(errno));
}

int main(int argc, char **argv)
{
    printf("args %d %s, constructor %d\n", argc, argc > 2 ? argv[2] : "-", go);
    threads();
    if (argc > 1)
        files(argv[1]);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("clock %d page %d processors %d\n", now.tv_sec >= 0, sysconf(_SC_PAGESIZE) % 4096 == 0,
           sysconf(_SC_NPROCESSORS_ONLN) > 0);
    char text[64];
    snprintf(text, sizeof text, "%5.2f|%-4d|%s|%llx", cos(1.0), 42, "x", 0x123456789abcULL);
    printf("format %s\n", text);
    setenv("FOREIGN_PROBE", "set", 1);
    printf("environment %s\n", getenv("FOREIGN_PROBE"));
    fprintf(stderr, "to stderr\n");
    return 42;
}
