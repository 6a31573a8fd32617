// SPDX-License-Identifier: Apache-2.0
// What the machine has: memory, time, the path of the program. Only Linux has much to ask; the
// others are asked for what sysconf knows everywhere.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // sched_getaffinity
#endif
#include "platform/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#elif defined(__APPLE__)
#include <mach-o/dyld.h>
#elif defined(__FreeBSD__) || defined(__NetBSD__)
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#endif

// ---- Linux: /proc and control groups --------------------------------------------------------

#if defined(__linux__)

#define SMALL_FILE 65536

// The number after `key` in a small file of "key: number" lines, or the first word when key is "";
// false if there is none ("max").
static bool read_number(const char *path, const char *key, uint64_t *out)
{
    struct buf text = {0};
    struct err ignored = {0};
    bool ok = false;
    if (os_read_file(path, SMALL_FILE, &text, &ignored) && text.len) {
        const char *at = *key ? strstr(text.data, key) : text.data;
        if (at) {
            char *end;
            at += strlen(key);
            *out = strtoull(at, &end, 10);
            ok = end != at;
        }
    }
    buf_free(&text);
    return ok;
}

// The path of our control group within a hierarchy, from a line "NUMBER:CONTROLLER:PATH" of
// /proc/self/cgroup; the unified hierarchy has no controller.
static bool cgroup_path(const char *controller, struct buf *out)
{
    struct buf text = {0}, middle = {0};
    struct err ignored = {0};
    buf_printf(&middle, ":%s:", controller);
    const char *at = NULL;
    if (os_read_file("/proc/self/cgroup", SMALL_FILE, &text, &ignored) && text.len)
        at = strstr(text.data, middle.data);
    if (at) {
        at += middle.len;
        buf_append(out, at, strcspn(at, "\n"));
    }
    buf_free(&text);
    buf_free(&middle);
    return at != NULL;
}

// Calls fn for the directory of our control group and each of its parents up to the mount point.
// Inside a container the group's own path may not be visible; the mount point is.
static void each_cgroup(const char *controller, void (*fn)(const char *dir, void *arg), void *arg)
{
    struct buf dir = {0};
    buf_printf(&dir, "/sys/fs/cgroup%s%s", *controller ? "/" : "", controller);
    size_t root = dir.len;
    if (cgroup_path(controller, &dir)) {
        while (dir.len > root) {
            fn(dir.data, arg);
            while (dir.len > root && dir.data[--dir.len] != '/')
                ;
            dir.data[dir.len] = 0;
        }
        fn(dir.data, arg);
    }
    buf_free(&dir);
}

struct limit {
    const char *max, *used; // file names
    uint64_t value;
};

static void memory_limit(const char *dir, void *arg)
{
    struct limit *l = arg;
    char path[1024];
    uint64_t max, used = 0;
    snprintf(path, sizeof path, "%s/%s", dir, l->max);
    if (!read_number(path, "", &max))
        return;
    snprintf(path, sizeof path, "%s/%s", dir, l->used);
    read_number(path, "", &used);
    uint64_t left = max > used ? max - used : 0;
    // The group's page cache counts as used but gives way.
    uint64_t cache = 0;
    snprintf(path, sizeof path, "%s/memory.stat", dir);
    read_number(path, "inactive_file ", &cache);
    left += cache;
    if (left < l->value)
        l->value = left;
}

static uint64_t linux_memory(void)
{
    uint64_t kib = 0;
    if (!read_number("/proc/meminfo", "MemAvailable:", &kib))
        return 0;
    struct limit l = {"memory.max", "memory.current", kib * 1024};
    each_cgroup("", memory_limit, &l);
    l.max = "memory.limit_in_bytes";
    l.used = "memory.usage_in_bytes";
    each_cgroup("memory", memory_limit, &l);
    return l.value;
}

// cpu.max holds "QUOTA PERIOD" in microseconds: the share of processors a container may use.
static void cpu_limit(const char *dir, void *arg)
{
    uint64_t *cpus = arg;
    char path[1024];
    struct buf text = {0};
    struct err ignored = {0};
    snprintf(path, sizeof path, "%s/cpu.max", dir);
    if (os_read_file(path, SMALL_FILE, &text, &ignored) && text.len) {
        char *end;
        uint64_t quota = strtoull(text.data, &end, 10);
        if (end != text.data) {
            uint64_t period = strtoull(end, NULL, 10);
            uint64_t count = period ? (quota + period - 1) / period : 0;
            if (count && count < *cpus)
                *cpus = count;
        }
    }
    buf_free(&text);
}

static int linux_cpus(void)
{
    cpu_set_t set;
    uint64_t cpus = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cpus = (uint64_t)CPU_COUNT(&set);
    if (!cpus)
        return 0;
    each_cgroup("", cpu_limit, &cpus);
    return (int)cpus;
}

#endif

// ---- Everywhere -----------------------------------------------------------------------------

int os_cpu_count(void)
{
    long n = 0;
#if defined(__linux__)
    n = linux_cpus();
#endif
    if (n < 1)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 1024 ? 1024 : (int)n;
}

uint64_t os_memory_available(void)
{
#if defined(__linux__)
    return linux_memory();
#else
    // All of it: what the others call free is not what can be had, since caches give way.
    long pages = sysconf(_SC_PHYS_PAGES);
    return pages > 0 ? (uint64_t)pages * os_page_size() : 0;
#endif
}

size_t os_page_size(void)
{
    long n = sysconf(_SC_PAGESIZE);
    return n > 0 ? (size_t)n : 4096;
}

uint64_t os_now_ns(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t os_random_seed(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t x = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    x ^= (uint64_t)getpid() << 40;
    return mix64(x); // few bits differ from start to start
}

#if defined(__linux__)
static bool link_target(const char *link, struct buf *out)
{
    char path[4096];
    ssize_t n = readlink(link, path, sizeof path);
    if (n <= 0 || n == (ssize_t)sizeof path)
        return false;
    buf_append(out, path, (size_t)n);
    return true;
}
#endif

bool os_executable_path(struct buf *out)
{
#if defined(__linux__)
    return link_target("/proc/self/exe", out);
#elif defined(__APPLE__)
    char path[4096];
    uint32_t size = sizeof path;
    if (_NSGetExecutablePath(path, &size) != 0)
        return false;
    buf_puts(out, path);
    return true;
#elif defined(__FreeBSD__) || defined(__NetBSD__)
#if defined(__FreeBSD__)
    int mib[4] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
#else
    int mib[4] = {CTL_KERN, KERN_PROC_ARGS, -1, KERN_PROC_PATHNAME};
#endif
    char path[4096];
    size_t size = sizeof path;
    if (sysctl(mib, 4, path, &size, NULL, 0) != 0 || size < 2)
        return false;
    buf_puts(out, path);
    return true;
#else
    (void)out; // OpenBSD keeps no such record
    return false;
#endif
}
