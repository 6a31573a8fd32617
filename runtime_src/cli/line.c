// SPDX-License-Identifier: Apache-2.0
// The editor redraws the whole line after each key: simple, and fast enough for any hand.
#include "cli/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/width.h"
#include "platform/platform.h"

#define MAX_HISTORY 500

enum key {
    KEY_NONE = 0x110000, // beyond Unicode, so that characters stand for themselves
    KEY_END_OF_INPUT,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_DELETE_WORD,
    KEY_PASTE,
    KEY_PASTE_END
};

#define CTRL(letter) ((letter) & 0x1f)
#define ESCAPE 27
#define TAB "    " // as it is shown

struct edit {
    struct line_editor *ed;
    const char *prompt;
    struct buf text;
    size_t at;     // byte offset of the cursor, always between characters
    int row;       // screen row of the cursor, counted from the prompt's
    size_t recall; // which line of the history is shown; count = the one being typed
    char *typed;   // the line being typed, while history is shown
    bool pasting;
};

// ---- Drawing --------------------------------------------------------------------------------

struct place {
    int row, column;
};

// Appends the text as it is shown.
static void draw(struct buf *s, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\t')
            buf_puts(s, TAB);
        else
            buf_putc(s, text[i]);
    }
}

static struct place step(struct place p, int columns, int width)
{
    if (p.column + columns > width)
        p = (struct place){p.row + 1, 0};
    p.column += columns;
    return p;
}

// Where the cursor is after `n` bytes of `text` drawn from `p` on.
static struct place advance(struct place p, const char *text, size_t n, int width)
{
    while (n) {
        uint32_t c;
        size_t len = utf8_read((struct slice){text, n}, 0, &c);
        if (c == '\n')
            p = (struct place){p.row + 1, 0};
        else if (c == '\t')
            for (size_t i = 0; i < sizeof TAB - 1; i++)
                p = step(p, 1, width);
        else
            p = step(p, width_of(c), width);
        text += len;
        n -= len;
    }
    // A terminal wraps late: a full row holds the cursor at its edge until the next character.
    if (p.column >= width)
        p = (struct place){p.row + 1, 0};
    return p;
}

static void redraw(struct edit *ed)
{
    int width = os_terminal_width(ed->ed->screen == stderr ? 2 : 1);
    struct buf s = {0};
    buf_puts(&s, "\r");
    if (ed->row)
        buf_printf(&s, "\x1b[%dA", ed->row);
    buf_printf(&s, "\x1b[J%s", ed->prompt);
    draw(&s, ed->text.data, ed->text.len);
    struct place start = advance((struct place){0, 0}, ed->prompt, strlen(ed->prompt), width);
    struct place end = advance(start, ed->text.data, ed->text.len, width);
    struct place cursor = advance(start, ed->text.data, ed->at, width);
    if (end.column == 0 && end.row && ed->text.len && ed->text.data[ed->text.len - 1] != '\n')
        buf_puts(&s, "\n");
    if (end.row > cursor.row)
        buf_printf(&s, "\x1b[%dA", end.row - cursor.row);
    buf_puts(&s, "\r");
    if (cursor.column)
        buf_printf(&s, "\x1b[%dC", cursor.column);
    ed->row = cursor.row;
    fwrite(s.data, 1, s.len, ed->ed->screen);
    fflush(ed->ed->screen);
    buf_free(&s);
}

// ---- Keys -----------------------------------------------------------------------------------

// The rest of a sequence after ESC [ (CSI: numbers and a letter) or ESC O (SS3: a letter).
static int read_sequence(void)
{
    int c, number = 0, modifier = 0;
    for (c = os_read_byte(); (c >= '0' && c <= '9') || c == ';'; c = os_read_byte()) {
        if (c == ';')
            modifier = 1;
        else if (!modifier && number < 1000)
            number = number * 10 + c - '0';
    }
    switch (c) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return modifier ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D':
        return modifier ? KEY_WORD_LEFT : KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    case '~':
        break;
    default:
        return KEY_NONE;
    }
    switch (number) {
    case 1:
    case 7:
        return KEY_HOME;
    case 4:
    case 8:
        return KEY_END;
    case 3:
        return KEY_DELETE;
    case 200:
        return KEY_PASTE;
    case 201:
        return KEY_PASTE_END;
    default:
        return KEY_NONE;
    }
}

// A character, a control character or an enum key.
static int read_key(void)
{
    char bytes[4];
    int c = os_read_byte();
    while (c == ESCAPE) {
        // A sequence, Alt and a key, or the key Esc, which does nothing, and perhaps a next one.
        c = os_read_byte_soon();
        if (c < 0)
            return KEY_NONE;
        if (c == '[' || c == 'O')
            return read_sequence();
        if (c == 'b' || c == 'B')
            return KEY_WORD_LEFT;
        if (c == 'f' || c == 'F')
            return KEY_WORD_RIGHT;
        if (c == 127 || c == 8)
            return KEY_DELETE_WORD;
    }
    if (c < 0)
        return KEY_END_OF_INPUT;
    for (size_t n = 0; n < sizeof bytes;) {
        bytes[n++] = (char)c;
        struct utf8 character = utf8_at((struct slice){bytes, n});
        if (character.kind == UTF8_GOOD)
            return (int)character.code;
        if (character.kind == UTF8_BAD)
            return KEY_NONE;
        c = os_read_byte();
        if (c < 0)
            return KEY_END_OF_INPUT;
    }
    return KEY_NONE;
}

// ---- Editing --------------------------------------------------------------------------------

static size_t before(const struct edit *ed, size_t at)
{
    while (at && ((unsigned char)ed->text.data[--at] & 0xc0) == 0x80)
        ;
    return at;
}

static size_t after(const struct edit *ed, size_t at)
{
    if (at < ed->text.len)
        at++;
    while (at < ed->text.len && ((unsigned char)ed->text.data[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static bool blank(const struct edit *ed, size_t at)
{
    return ed->text.data[at] == ' ' || ed->text.data[at] == '\n';
}

static size_t word_before(const struct edit *ed, size_t at)
{
    while (at && blank(ed, at - 1))
        at--;
    while (at && !blank(ed, at - 1))
        at--;
    return at;
}

static size_t word_after(const struct edit *ed, size_t at)
{
    while (at < ed->text.len && blank(ed, at))
        at++;
    while (at < ed->text.len && !blank(ed, at))
        at++;
    return at;
}

static void insert(struct edit *ed, const char *bytes, size_t n)
{
    struct buf tail = {0};
    buf_append(&tail, ed->text.data + ed->at, ed->text.len - ed->at);
    ed->text.len = ed->at;
    buf_append(&ed->text, bytes, n);
    ed->at = ed->text.len;
    buf_append(&ed->text, tail.data, tail.len);
    buf_free(&tail);
}

static void insert_character(struct edit *ed, uint32_t c)
{
    char b[UTF8_MAX];
    insert(ed, b, utf8_put(b, c));
}

static void erase(struct edit *ed, size_t from, size_t to)
{
    memmove(ed->text.data + from, ed->text.data + to, ed->text.len - to + 1);
    ed->text.len -= to - from;
    ed->at = from;
}

static void replace(struct edit *ed, const char *text)
{
    ed->text.len = 0;
    buf_puts(&ed->text, text);
    ed->at = ed->text.len;
}

// Shows another line of the history, or again the one that was being typed.
static void recall(struct edit *ed, int step)
{
    struct line_editor *h = ed->ed;
    if ((step < 0 && ed->recall == 0) || (step > 0 && ed->recall == h->count))
        return;
    if (ed->recall == h->count) {
        free(ed->typed);
        ed->typed = xstrdup(ed->text.data);
    }
    ed->recall = step < 0 ? ed->recall - 1 : ed->recall + 1;
    replace(ed, ed->recall == h->count ? ed->typed : h->history[ed->recall]);
}

static void clear_screen(struct edit *ed)
{
    fputs("\x1b[H\x1b[2J", ed->ed->screen);
    ed->row = 0;
}

static void suspend(struct edit *ed)
{
    os_raw_mode(false);
    os_suspend();
    os_raw_mode(true);
    ed->row = 0;
}

static void move_or_erase(struct edit *ed, int key)
{
    switch (key) {
    case CTRL('a'):
    case KEY_HOME:
        ed->at = 0;
        break;
    case CTRL('e'):
    case KEY_END:
        ed->at = ed->text.len;
        break;
    case CTRL('b'):
    case KEY_LEFT:
        ed->at = before(ed, ed->at);
        break;
    case CTRL('f'):
    case KEY_RIGHT:
        ed->at = after(ed, ed->at);
        break;
    case KEY_WORD_LEFT:
        ed->at = word_before(ed, ed->at);
        break;
    case KEY_WORD_RIGHT:
        ed->at = word_after(ed, ed->at);
        break;
    case CTRL('h'):
    case 127:
        erase(ed, before(ed, ed->at), ed->at);
        break;
    case CTRL('d'):
    case KEY_DELETE: {
        size_t at = ed->at;
        erase(ed, at, after(ed, at));
        break;
    }
    case CTRL('k'):
        erase(ed, ed->at, ed->text.len);
        break;
    case CTRL('u'):
        erase(ed, 0, ed->at);
        break;
    case CTRL('w'):
    case KEY_DELETE_WORD:
        erase(ed, word_before(ed, ed->at), ed->at);
        break;
    case CTRL('p'):
    case KEY_UP:
        recall(ed, -1);
        break;
    case CTRL('n'):
    case KEY_DOWN:
        recall(ed, 1);
        break;
    case CTRL('l'):
        clear_screen(ed);
        break;
    case CTRL('z'):
        suspend(ed);
        break;
    case CTRL('j'):
        insert_character(ed, '\n');
        break;
    case '\t':
        insert(ed, TAB, sizeof TAB - 1);
        break;
    default:
        if (key >= 0x20 && key < KEY_NONE && !(key >= 0x7f && key < 0xa0))
            insert_character(ed, (uint32_t)key);
    }
}

static enum line_result edit(struct edit *ed)
{
    for (;;) {
        if (!ed->pasting)
            redraw(ed);
        int key = read_key();
        if (key == KEY_PASTE || key == KEY_PASTE_END)
            ed->pasting = key == KEY_PASTE;
        else if (key == KEY_END_OF_INPUT) // or kill -INT
            return os_interrupt_taken() ? LINE_CANCELLED : LINE_END;
        else if (ed->pasting && (key == '\r' || key == '\t'))
            insert_character(ed, key == '\r' ? '\n' : '\t');
        else if (key == '\r')
            return LINE_OK;
        else if (key == CTRL('d') && !ed->text.len)
            return LINE_END;
        else if (key == CTRL('c'))
            return LINE_CANCELLED;
        else
            move_or_erase(ed, key);
    }
}

// ---- The interface --------------------------------------------------------------------------

void line_init(struct line_editor *ed)
{
    FILE *screen = os_is_terminal(2) ? stderr : os_is_terminal(1) ? stdout : NULL;
    *ed = (struct line_editor){.screen = screen};
}

void line_free(struct line_editor *ed)
{
    for (size_t i = 0; i < ed->count; i++)
        free(ed->history[i]);
    free(ed->history);
}

void line_remember(struct line_editor *ed, const char *text)
{
    if (!*text || (ed->count && !strcmp(ed->history[ed->count - 1], text)))
        return;
    if (ed->count == MAX_HISTORY) {
        free(ed->history[0]);
        memmove(ed->history, ed->history + 1, --ed->count * sizeof *ed->history);
    }
    ed->history = xrealloc(ed->history, (ed->count + 1) * sizeof *ed->history);
    ed->history[ed->count++] = xstrdup(text);
}

// A line of a pipe or of a terminal that cannot be edited.
static enum line_result read_plain(struct buf *out)
{
    int c;
    out->len = 0;
    buf_puts(out, "");
    while ((c = os_read_byte()) >= 0 && c != '\n')
        buf_putc(out, (char)c);
    if (c == OS_UNREADABLE)
        return LINE_UNREADABLE;
    if (c < 0 && os_is_terminal(0) && os_interrupt_taken())
        return LINE_CANCELLED;
    if (out->len && out->data[out->len - 1] == '\r')
        out->data[--out->len] = 0;
    return c < 0 && !out->len ? LINE_END : LINE_OK;
}

enum line_result line_read(struct line_editor *ed, const char *prompt, struct buf *out)
{
    if (!os_is_terminal(0) || !ed->screen)
        return read_plain(out);
    if (!os_raw_mode(true)) {
        fputs(prompt, ed->screen);
        fflush(ed->screen);
        return read_plain(out);
    }
    struct edit e = {.ed = ed, .prompt = prompt, .recall = ed->count};
    buf_puts(&e.text, "");
    fputs("\x1b[?2004h", ed->screen); // pasted texts come marked
    enum line_result result = edit(&e);
    e.at = e.text.len;
    redraw(&e);
    fprintf(ed->screen, "\x1b[?2004l%s\r\n", result == LINE_CANCELLED ? "^C" : "");
    fflush(ed->screen);
    os_raw_mode(false);
    out->len = 0;
    buf_append(out, e.text.data, e.text.len);
    buf_free(&e.text);
    free(e.typed);
    return result;
}
