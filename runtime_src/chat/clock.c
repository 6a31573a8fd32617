// SPDX-License-Identifier: Apache-2.0
// strftime_now: the local time in a pattern of C's strftime, in English. Written here and not left
// to the C library because templates choose the pattern: on Windows a letter that the library does
// not know ends the process, and "%-d", which templates use, is one. As in Python's naive
// datetimes, a time zone is nothing.
#include <string.h>
#include <time.h>

#include "chat/jinja.h"

#define MAX_PATTERN 1000

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

// Letters that stand for others.
static const char *longer(char letter)
{
    switch (letter) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    default:
        return NULL;
    }
}

static const char *name_of(char letter, const struct tm *t)
{
    switch (letter) {
    case 'A':
    case 'a':
        return days[t->tm_wday];
    case 'B':
    case 'b':
    case 'h':
        return months[t->tm_mon];
    case 'p':
        return t->tm_hour < 12 ? "AM" : "PM";
    case 'Z':
    case 'z':
        return "";
    case '%':
        return "%";
    default:
        return NULL;
    }
}

// The number that a letter stands for and how wide it is; false for other letters.
static bool number_of(char letter, const struct tm *t, int *number, int *width)
{
    int monday = (t->tm_wday + 6) % 7; // days since one
    const struct {
        char letter;
        int width, number;
    } numbers[] = {
        {'d', 2, t->tm_mday},
        {'e', 2, t->tm_mday},
        {'H', 2, t->tm_hour},
        {'k', 2, t->tm_hour},
        {'I', 2, (t->tm_hour + 11) % 12 + 1},
        {'l', 2, (t->tm_hour + 11) % 12 + 1},
        {'j', 3, t->tm_yday + 1},
        {'m', 2, t->tm_mon + 1},
        {'M', 2, t->tm_min},
        {'S', 2, t->tm_sec},
        {'U', 2, (t->tm_yday + 7 - t->tm_wday) / 7},
        {'W', 2, (t->tm_yday + 7 - monday) / 7},
        {'w', 1, t->tm_wday},
        {'u', 1, monday + 1},
        {'y', 2, t->tm_year % 100},
        {'Y', 1, t->tm_year + 1900},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].letter == letter) {
            *number = numbers[i].number;
            *width = numbers[i].width;
            return true;
        }
    }
    return false;
}

// One letter after '%', or after "%-", which leaves out what fills a number up. False: unknown.
static bool put_letter(struct buf *out, char letter, bool bare, const struct tm *t)
{
    int number, width;
    const char *name = bare ? NULL : name_of(letter, t);
    if (name) {
        bool part = strchr("abh", letter);
        buf_append(out, name, part ? 3 : strlen(name));
        return true;
    }
    if (!number_of(letter, t, &number, &width))
        return false;
    if (bare)
        buf_printf(out, "%d", number);
    else if (strchr("ekl", letter))
        buf_printf(out, "%*d", width, number);
    else
        buf_printf(out, "%0*d", width, number);
    return true;
}

static bool put_pattern(struct run *r, struct buf *out, struct slice pattern, const struct tm *t)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] != '%') {
            buf_putc(out, pattern.data[i]);
            continue;
        }
        bool bare = pattern.len - i > 2 && pattern.data[i + 1] == '-';
        i += bare + (size_t)1;
        char letter = i < pattern.len ? pattern.data[i] : 0;
        const char *more = bare ? NULL : longer(letter);
        if (more) {
            if (!put_pattern(r, out, slice_of(more), t)) // which holds no longer letter
                return false;
        } else if (!letter || !put_letter(out, letter, bare, t)) {
            return run_error(r, "strftime_now: unknown letter after '%%' at byte %zu", i);
        }
    }
    return true;
}

bool clock_format(struct run *r, struct slice pattern, struct value *out)
{
    time_t now = time(NULL);
    // localtime's shared result can only be wrong for a moment around midnight, which every caller
    // writes alike.
    const struct tm *local = localtime(&now);
    struct buf text = {0};
    if (!local || pattern.len > MAX_PATTERN)
        return run_error(r, "strftime_now needs a clock and at most %d bytes", MAX_PATTERN);
    bool ok = put_pattern(r, &text, pattern, local);
    *out = value_string(arena_copy(r->arena, text.data, text.len));
    buf_free(&text);
    return ok;
}
