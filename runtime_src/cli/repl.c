// SPDX-License-Identifier: Apache-2.0
// --chat: a conversation, turn by turn. The model keeps what it has read: each turn evaluates only
// what is new. From a pipe each line is a turn and only the answers go to standard output.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/line.h"
#include "platform/platform.h"

struct chat {
    struct app *app;
    struct timeline t;
    struct line_editor editor;
    bool person;      // at the other end of standard input
    bool interrupted; // and there was no person to ask what next
    struct chat_message *messages;
    size_t count;
};

static void add_message(struct chat *c, const char *role, const char *content)
{
    c->messages = xrealloc(c->messages, (c->count + 1) * sizeof *c->messages);
    c->messages[c->count++] = (struct chat_message){xstrdup(role), xstrdup(content)};
}

static void drop_messages(struct chat *c, size_t keep)
{
    while (c->count > keep) {
        c->count--;
        free(c->messages[c->count].role);
        free(c->messages[c->count].content);
    }
}

// The system message, if any, stays.
static size_t first_turn(const struct chat *c)
{
    return c->count && !strcmp(c->messages[0].role, "system");
}

// ---- Turns ----------------------------------------------------------------------------------

// One question and its answer. False when the program is to end with *e.
static bool turn(struct chat *c, const char *text, struct err *e)
{
    struct tokens prompt = {0};
    struct out out;
    struct err why = {0};
    enum stop stop = STOP_ERROR;
    out_init(&out);
    add_message(c, "user", text);
    if (prompt_encode(c->app, c->messages, c->count, &prompt, &why))
        stop = timeline_answer(c->app, &c->t, &prompt, &out, &why);
    out_finish(&out);
    bool written = out_flush(&out, e);
    if (stop == STOP_ERROR) {
        drop_messages(c, c->count - 1);
    } else {
        add_message(c, "assistant", out.text.len ? out.text.data : "");
        timeline_explain(c->app, &c->t, stop);
        if (c->app->o.verbose)
            timeline_print_speed(&c->t);
    }
    // Ctrl-C ends the answer, not the conversation; a pipe has nobody to go on with it.
    c->interrupted = os_interrupt_taken() && !c->person;
    tokens_free(&prompt);
    out_free(&out);
    if (stop != STOP_ERROR || !written)
        return written;
    if (!c->person)
        return err_set(e, "%s", why.text);
    fprintf(stderr, "%s (/undo takes turns back, /clear starts anew)\n", why.text);
    return true;
}

// ---- Commands -------------------------------------------------------------------------------

static bool command_help(struct chat *c);

static bool command_clear(struct chat *c)
{
    drop_messages(c, first_turn(c));
    timeline_clear(&c->t);
    fprintf(stderr, "a new conversation\n");
    return true;
}

static bool command_undo(struct chat *c)
{
    size_t last = c->count;
    while (last > first_turn(c) && strcmp(c->messages[last - 1].role, "user"))
        last--;
    if (last > first_turn(c)) {
        drop_messages(c, last - 1);
        fprintf(stderr, "took the last turn back\n");
    } else {
        fprintf(stderr, "there is no turn to take back\n");
    }
    return true;
}

static bool command_stats(struct chat *c)
{
    struct buf line = {0};
    engine_describe(c->app->engine, &line);
    fprintf(stderr,
            "%s\n%s kernels, %d threads\n%d of %d tokens of context in use\nlast turn: ", line.data,
            engine_isa(c->app->engine), engine_threads(c->app->engine),
            session_length(c->t.session), session_context(c->t.session));
    timeline_print_speed(&c->t);
    buf_free(&line);
    return true;
}

static bool command_exit(struct chat *c)
{
    (void)c;
    return false;
}

static const struct command {
    const char *name, *text;
    bool (*run)(struct chat *c); // false ends the conversation
} commands[] = {
    {"/help", "what there is", command_help},
    {"/clear", "forget the conversation", command_clear},
    {"/undo", "take the last turn back", command_undo},
    {"/stats", "the model, the context, the speed", command_stats},
    {"/exit", "leave; Ctrl-D does too", command_exit},
    {"/bye", "the same", command_exit},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static bool command_help(struct chat *c)
{
    (void)c;
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stderr, "  %-8s %s\n", commands[i].name, commands[i].text);
    fprintf(stderr, "Ctrl-C stops an answer. A line that ends with \\ goes on in the next; \"\"\" "
                    "begins and ends a text of several lines.\n");
    return true;
}

static bool run_command(struct chat *c, const char *line)
{
    size_t len = strcspn(line, " \t");
    for (size_t i = 0; i < COMMANDS; i++)
        if (strlen(commands[i].name) == len && !strncmp(commands[i].name, line, len))
            return commands[i].run(c);
    fprintf(stderr, "unknown command %.*s; /help lists them all\n", (int)len, line);
    return true;
}

// ---- Input ----------------------------------------------------------------------------------

static bool take_suffix(struct buf *b, const char *suffix)
{
    size_t n = strlen(suffix);
    if (b->len < n || memcmp(b->data + b->len - n, suffix, n) != 0)
        return false;
    b->data[b->len -= n] = 0;
    return true;
}

// One message of a person: a line, joined lines, or everything between two """. From a pipe each
// line is one, whatever it holds.
static enum line_result read_message(struct chat *c, struct buf *out)
{
    if (!c->person)
        return line_read(&c->editor, "", out);
    struct buf line = {0};
    enum line_result result = line_read(&c->editor, ">>> ", &line);
    bool block = result == LINE_OK && !strncmp(line.data, "\"\"\"", 3);
    bool more = result == LINE_OK;
    out->len = 0;
    size_t skip = block ? 3 : 0;
    buf_append(out, line.data + skip, line.len - skip);
    if (block && take_suffix(out, "\"\"\""))
        more = false; // all on one line
    while (more && (block || take_suffix(out, "\\"))) {
        result = line_read(&c->editor, "... ", &line);
        if (result == LINE_CANCELLED || result == LINE_UNREADABLE)
            break;
        if (result == LINE_END) {
            result = LINE_OK; // what was said so far counts
            break;
        }
        if (out->len || !block)
            buf_putc(out, '\n');
        buf_append(out, line.data, line.len);
        if (block && take_suffix(out, "\"\"\"")) {
            take_suffix(out, "\n"); // of a last line that holds nothing else
            break;
        }
    }
    buf_free(&line);
    return result;
}

static bool is_blank(const char *s)
{
    return s[strspn(s, " \t\r\n")] == 0;
}

static bool converse(struct chat *c, struct err *e)
{
    struct buf text = {0};
    bool ok = true;
    while (ok && !c->interrupted) {
        enum line_result result = read_message(c, &text);
        if (result == LINE_END)
            break;
        if (result == LINE_UNREADABLE)
            ok = err_set(e, "standard input: cannot be read");
        else if (memchr(text.data, 0, text.len))
            ok = err_set(e, "standard input: a line holds a NUL byte; a prompt is text");
        if (!ok)
            break;
        if (result == LINE_CANCELLED) {
            if (!text.len) // somebody who wants to leave
                fprintf(stderr, "/exit or Ctrl-D leaves\n");
            continue;
        }
        if (is_blank(text.data))
            continue;
        line_remember(&c->editor, text.data);
        if (text.data[0] == '/') {
            if (!run_command(c, text.data))
                break;
            continue;
        }
        ok = turn(c, text.data, e);
        if (c->person && c->editor.screen)
            fputs("\n", c->editor.screen);
    }
    buf_free(&text);
    return ok;
}

static void greet(const struct chat *c)
{
    struct buf line = {0};
    engine_describe(c->app->engine, &line);
    fprintf(stderr, "%s\n", line.data);
    if (!c->app->template)
        fprintf(stderr, "This model has no chat template: it continues what you write.\n");
    fprintf(stderr, "/help shows what there is, Ctrl-D leaves.\n\n");
    buf_free(&line);
}

int run_chat(struct app *a, struct err *e)
{
    struct chat c = {.app = a, .person = os_is_terminal(0)};
    bool ok = app_load(a, e) && app_load_template(a, e);
    if (ok && a->o.system && !a->template)
        ok = err_set(e, "%s: has no chat template, so --system has no meaning", a->blob.label);
    if (!ok || !timeline_new(a, a->o.context, &c.t, e))
        return STATUS_FAILED;
    if (a->o.system)
        add_message(&c, "system", a->o.system);
    line_init(&c.editor);
    if (c.person)
        greet(&c);
    os_interrupt_catch();
    ok = converse(&c, e);
    c.interrupted |= os_interrupt_taken() && !c.person; // while it waited for input
    os_interrupt_release();
    drop_messages(&c, 0);
    free(c.messages);
    line_free(&c.editor);
    timeline_free(&c.t);
    return !ok ? STATUS_FAILED : c.interrupted ? STATUS_INTERRUPTED : STATUS_OK;
}
