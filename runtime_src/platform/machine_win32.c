// SPDX-License-Identifier: Apache-2.0
// What the machine has, on Windows; and the two conversions of text that the whole room uses.
#include "platform/platform.h"

#include <stdlib.h>

#include "platform/wide_win32.h"

wchar_t *wide_from_utf8(const char *s)
{
    int n = MultiByteToWideChar(CP_UTF8, 0, s, -1, NULL, 0);
    wchar_t *out = xcalloc((size_t)(n > 0 ? n : 1), sizeof *out);
    MultiByteToWideChar(CP_UTF8, 0, s, -1, out, n);
    return out;
}

char *wide_to_utf8(const wchar_t *s)
{
    int n = WideCharToMultiByte(CP_UTF8, 0, s, -1, NULL, 0, NULL, NULL);
    char *out = xcalloc((size_t)(n > 0 ? n : 1), 1);
    WideCharToMultiByte(CP_UTF8, 0, s, -1, out, n, NULL, NULL);
    return out;
}

int os_cpu_count(void)
{
    // The affinity mask covers one group of up to 64 processors; a process starts in one group.
    DWORD_PTR mine = 0, all = 0;
    int n = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all))
        for (; mine; mine &= mine - 1)
            n++;
    return n ? n : 1;
}

uint64_t os_memory_available(void)
{
    MEMORYSTATUSEX m = {.dwLength = sizeof m};
    if (!GlobalMemoryStatusEx(&m))
        return 0;
    uint64_t left = m.ullAvailPhys;
    // A container or service limits the job it runs in.
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION job;
    if (QueryInformationJobObject(NULL, JobObjectExtendedLimitInformation, &job, sizeof job,
                                  NULL)) {
        DWORD flags = job.BasicLimitInformation.LimitFlags;
        if (flags & JOB_OBJECT_LIMIT_PROCESS_MEMORY && job.ProcessMemoryLimit < left)
            left = job.ProcessMemoryLimit;
        if (flags & JOB_OBJECT_LIMIT_JOB_MEMORY && job.JobMemoryLimit < left)
            left = job.JobMemoryLimit;
    }
    return left;
}

size_t os_page_size(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}

uint64_t os_now_ns(void)
{
    LARGE_INTEGER now, frequency;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    uint64_t ticks = (uint64_t)now.QuadPart, per_second = (uint64_t)frequency.QuadPart;
    return ticks / per_second * 1000000000u + ticks % per_second * 1000000000u / per_second;
}

uint64_t os_random_seed(void)
{
    FILETIME t;
    GetSystemTimeAsFileTime(&t);
    uint64_t x = (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;
    x ^= os_now_ns() ^ (uint64_t)GetCurrentProcessId() << 40;
    return mix64(x); // few bits differ from start to start
}

bool os_executable_path(struct buf *out)
{
    DWORD cap = 1024;
    for (;;) {
        wchar_t *wide = xcalloc(cap, sizeof *wide);
        DWORD n = GetModuleFileNameW(NULL, wide, cap);
        if (n == 0 || n < cap) {
            if (n) {
                char *path = wide_to_utf8(wide);
                buf_puts(out, path);
                free(path);
            }
            free(wide);
            return n != 0;
        }
        free(wide);
        cap *= 2;
    }
}
