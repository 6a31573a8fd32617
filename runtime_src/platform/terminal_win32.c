// SPDX-License-Identifier: Apache-2.0
// The process's surroundings on Windows: environment, console, Ctrl-C. The console is told to speak
// UTF-8 and ANSI sequences, so everything above treats it as the terminal of any other system.
#include "platform/platform.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/wide_win32.h"
#include <shellapi.h>

static volatile LONG interrupt_flag;
static DWORD saved_mode;
static bool raw_mode_on;

// How the console was, for whoever uses it after us.
static struct {
    UINT code_page;
    DWORD mode[3];
    bool changed[3];
} before;

// Bytes of characters typed but not yet read: one read of the console, as UTF-8.
static struct {
    char bytes[256 * 3];
    int pos, len;
    wchar_t half; // a first surrogate whose partner is still to come
} typed;

void os_args_utf8(int *argc, char ***argv)
{
    int n = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &n);
    if (!wide || n < 1)
        return;
    char **out = xcalloc((size_t)n + 1, sizeof *out); // lives as long as the process, as argv does
    for (int i = 0; i < n; i++)
        out[i] = wide_to_utf8(wide[i]);
    LocalFree(wide);
    *argc = n;
    *argv = out;
}

// The text lives until the process ends; few variables are ever asked for.
const char *os_env(const char *name)
{
    wchar_t *wide_name = wide_from_utf8(name);
    char *out = NULL;
    SetLastError(0);
    DWORD n = GetEnvironmentVariableW(wide_name, NULL, 0);
    if (n || GetLastError() != ERROR_ENVVAR_NOT_FOUND) {
        wchar_t *wide = xcalloc(n + 1, sizeof *wide);
        GetEnvironmentVariableW(wide_name, wide, n + 1);
        out = wide_to_utf8(wide);
        free(wide);
    }
    free(wide_name);
    return out;
}

void os_env_remove(const char *name)
{
    wchar_t *wide = wide_from_utf8(name);
    SetEnvironmentVariableW(wide, NULL);
    free(wide);
}

char os_path_list_separator(void)
{
    return ';';
}

static HANDLE standard_handle(int fd)
{
    return GetStdHandle(fd == 0   ? STD_INPUT_HANDLE
                        : fd == 1 ? STD_OUTPUT_HANDLE
                                  : STD_ERROR_HANDLE);
}

bool os_is_terminal(int fd)
{
    DWORD mode;
    return GetConsoleMode(standard_handle(fd), &mode) != 0;
}

int os_terminal_width(int fd)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (GetConsoleScreenBufferInfo(standard_handle(fd), &info))
        return info.srWindow.Right - info.srWindow.Left + 1;
    return 80;
}

static void restore_console(void)
{
    if (raw_mode_on)
        SetConsoleMode(standard_handle(0), saved_mode);
    // The last one first: both may be the same console.
    for (int fd = 2; fd >= 1; fd--)
        if (before.changed[fd])
            SetConsoleMode(standard_handle(fd), before.mode[fd]);
    if (before.code_page)
        SetConsoleOutputCP(before.code_page);
}

// What ends the process without its exit handlers: Ctrl-C while it is not caught, a closed window.
static BOOL WINAPI on_end(DWORD event)
{
    (void)event;
    restore_console();
    return FALSE; // now the system's own handler
}

void os_terminal_setup(void)
{
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    _setmode(2, _O_BINARY);
    for (int fd = 1; fd <= 2; fd++) {
        if (!GetConsoleMode(standard_handle(fd), &before.mode[fd]))
            continue;
        before.changed[fd] = true;
        if (!before.code_page)
            before.code_page = GetConsoleOutputCP();
        SetConsoleOutputCP(CP_UTF8);
        SetConsoleMode(standard_handle(fd), before.mode[fd] | ENABLE_PROCESSED_OUTPUT |
                                                ENABLE_VIRTUAL_TERMINAL_PROCESSING);
    }
    atexit(restore_console);
    SetConsoleCtrlHandler(on_end, TRUE);
}

// ---- Ctrl-C ---------------------------------------------------------------------------------

static BOOL WINAPI on_control(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        return FALSE;
    if (InterlockedExchange(&interrupt_flag, 1)) {
        restore_console();
        ExitProcess(130);
    }
    return TRUE;
}

void os_interrupt_catch(void)
{
    interrupt_flag = 0;
    SetConsoleCtrlHandler(on_control, TRUE);
}

void os_interrupt_release(void)
{
    SetConsoleCtrlHandler(on_control, FALSE);
    interrupt_flag = 0;
}

bool os_interrupt_taken(void)
{
    return InterlockedExchange(&interrupt_flag, 0) != 0;
}

bool os_interrupt_pending(void)
{
    return interrupt_flag != 0;
}

void os_interrupt_end(void)
{
}

// ---- Line editing ---------------------------------------------------------------------------

bool os_raw_mode(bool on)
{
    HANDLE in = standard_handle(0);
    if (on == raw_mode_on)
        return true;
    if (!on) {
        raw_mode_on = false;
        return SetConsoleMode(in, saved_mode) != 0;
    }
    if (!GetConsoleMode(in, &saved_mode))
        return false;
    DWORD raw =
        saved_mode & ~(DWORD)(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_PROCESSED_INPUT);
    raw_mode_on = SetConsoleMode(in, raw | ENABLE_VIRTUAL_TERMINAL_INPUT) != 0;
    return raw_mode_on;
}

void os_suspend(void)
{
}

// Fills `typed` from the console; false at its end.
static bool read_console(void)
{
    wchar_t wide[256];
    DWORD n = 0, start = 0;
    if (typed.half)
        wide[start++] = typed.half;
    typed.half = 0;
    if (!ReadConsoleW(standard_handle(0), wide + start, 255 - start, &n, NULL) || n == 0)
        return false;
    n += start;
    if (wide[n - 1] >= 0xd800 && wide[n - 1] < 0xdc00)
        typed.half = wide[--n];
    int len =
        WideCharToMultiByte(CP_UTF8, 0, wide, (int)n, typed.bytes, sizeof typed.bytes, NULL, NULL);
    typed.pos = 0;
    typed.len = len > 0 ? len : 0;
    // In line mode Ctrl-Z at the start of a line ends the input.
    return raw_mode_on || !(typed.len && typed.bytes[0] == 26);
}

int os_read_byte(void)
{
    if (!os_is_terminal(0)) {
        unsigned char c;
        DWORD got = 0;
        if (ReadFile(standard_handle(0), &c, 1, &got, NULL))
            return got ? c : OS_END_OF_INPUT;
        DWORD why = GetLastError();
        bool end = why == ERROR_BROKEN_PIPE || why == ERROR_HANDLE_EOF ||
                   why == ERROR_INVALID_HANDLE; // started without any
        return end ? OS_END_OF_INPUT : OS_UNREADABLE;
    }
    while (typed.pos == typed.len)
        if (!read_console())
            return OS_END_OF_INPUT;
    return (unsigned char)typed.bytes[typed.pos++];
}

int os_read_byte_soon(void)
{
    // The console hands out the sequence of a key in one read.
    return typed.pos < typed.len ? (unsigned char)typed.bytes[typed.pos++] : OS_END_OF_INPUT;
}
