// SPDX-License-Identifier: Apache-2.0
// The process's surroundings on Unix: environment, terminal, Ctrl-C. A signal handler and the
// terminal's saved settings are the only state of this room; both belong to the process as a whole.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/platform.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t interrupt_flag;
static struct termios saved_mode;
static bool raw_mode_on;

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
}

// ---- Ctrl-C ---------------------------------------------------------------------------------

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    if (interrupt_flag)
        _exit(130);
    interrupt_flag = 1;
}

void os_interrupt_catch(void)
{
    interrupt_flag = 0;
    struct sigaction a = {0};
    a.sa_handler = on_interrupt; // no SA_RESTART: a blocked read is to end
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
}

void os_interrupt_release(void)
{
    struct sigaction a = {0};
    a.sa_handler = SIG_DFL;
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    interrupt_flag = 0;
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

bool os_raw_mode(bool on)
{
    if (on == raw_mode_on)
        return true;
    if (!on) {
        raw_mode_on = false;
        return tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_mode) == 0;
    }
    if (!os_is_terminal(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved_mode) != 0)
        return false;
    struct termios raw = saved_mode;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    raw_mode_on = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
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
        return -1;
    }
}
