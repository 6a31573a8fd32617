// SPDX-License-Identifier: Apache-2.0
// The process's surroundings on Unix: environment, terminal, Ctrl-C. A signal handler and the
// terminal's saved settings are the only state of this room; both belong to the process as a whole.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t interrupt_flag;
static bool interrupt_caught;
static struct sigaction interrupt_before;
static struct termios saved_mode, raw_mode;
static volatile sig_atomic_t raw_mode_on;
static bool restores; // the terminal, whatever ends the process

void os_args_utf8(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
}

const char *os_env(const char *name)
{
    return getenv(name);
}

void os_env_remove(const char *name)
{
    unsetenv(name);
}

char os_path_list_separator(void)
{
    return ':';
}

bool os_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

int os_terminal_width(int fd)
{
    struct winsize size;
    if (os_is_terminal(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    int n = columns ? atoi(columns) : 0;
    return n > 0 && n < 10000 ? n : 80;
}

void os_terminal_setup(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

// ---- Signals --------------------------------------------------------------------------------

static void restore_mode(void)
{
    if (raw_mode_on)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
    raw_mode_on = false;
}

static void set_handler(int signal_number, void (*handler)(int), struct sigaction *before)
{
    struct sigaction a = {0};
    a.sa_handler = handler; // no SA_RESTART: a blocked read is to end
    sigemptyset(&a.sa_mask);
    sigaction(signal_number, &a, before);
}

static bool is_ignored(int signal_number)
{
    struct sigaction now = {0};
    return sigaction(signal_number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

// Ends the process by this signal: at once, or when its handler returns.
static void end_by(int signal_number)
{
    restore_mode();
    set_handler(signal_number, SIG_DFL, NULL);
    raise(signal_number);
}

static void on_interrupt(int signal_number)
{
    if (interrupt_flag)
        end_by(signal_number);
    interrupt_flag = 1;
}

void os_interrupt_catch(void)
{
    interrupt_flag = 0;
    if (interrupt_caught || is_ignored(SIGINT))
        return;
    set_handler(SIGINT, on_interrupt, &interrupt_before);
    interrupt_caught = true;
}

void os_interrupt_release(void)
{
    if (interrupt_caught)
        sigaction(SIGINT, &interrupt_before, NULL);
    interrupt_caught = false;
    interrupt_flag = 0;
}

void os_interrupt_end(void)
{
    end_by(SIGINT);
}

bool os_interrupt_taken(void)
{
    bool was = interrupt_flag != 0;
    interrupt_flag = 0;
    return was;
}

bool os_interrupt_pending(void)
{
    return interrupt_flag != 0;
}

// ---- Line editing ---------------------------------------------------------------------------

// The terminal outlives us: whatever ends the process, it is to be usable again.
static void restore_at_end(void)
{
    static const int ends[] = {SIGTERM, SIGHUP};
    if (restores)
        return;
    restores = true;
    atexit(restore_mode);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!is_ignored(ends[i]))
            set_handler(ends[i], end_by, NULL);
}

bool os_raw_mode(bool on)
{
    if (on == (raw_mode_on != 0))
        return true;
    if (!on) {
        raw_mode_on = false;
        return tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_mode) == 0;
    }
    if (!os_is_terminal(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved_mode) != 0)
        return false;
    raw_mode = saved_mode;
    raw_mode.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    raw_mode.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    raw_mode.c_cc[VMIN] = 1;
    raw_mode.c_cc[VTIME] = 0;
    restore_at_end();
    raw_mode_on = true; // before it is: a signal may come in between
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw_mode) != 0)
        raw_mode_on = false;
    return raw_mode_on;
}

void os_suspend(void)
{
    kill(0, SIGTSTP);
}

int os_read_byte(void)
{
    unsigned char c;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n == 1)
            return c;
        if (n < 0 && errno == EINTR && !os_interrupt_pending())
            continue;
        // A terminal that went away is an end like any other.
        bool end = n == 0 || errno == EINTR || os_is_terminal(STDIN_FILENO) || errno == EIO;
        return end ? OS_END_OF_INPUT : OS_UNREADABLE;
    }
}

int os_read_byte_soon(void)
{
    // The terminal's own clock, in tenths of a second: poll knows no terminals on some macOS.
    struct termios brief = raw_mode;
    brief.c_cc[VMIN] = 0;
    brief.c_cc[VTIME] = 1;
    if (!raw_mode_on || tcsetattr(STDIN_FILENO, TCSANOW, &brief) != 0)
        return os_read_byte();
    int c = os_read_byte();
    tcsetattr(STDIN_FILENO, TCSANOW, &raw_mode);
    return c;
}
