// SPDX-License-Identifier: Apache-2.0
// Where prompts come from and how they become tokens.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "platform/platform.h"

static bool read_stdin(struct buf *out, struct err *e)
{
    char chunk[16384];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0) {
        buf_append(out, chunk, n);
        if (out->len > PROMPT_LIMIT)
            return err_set(e, "standard input: more than %u bytes are no prompt", PROMPT_LIMIT);
    }
    if (ferror(stdin))
        return err_set(e, "standard input: %s", strerror(errno));
    return true;
}

// Resolves the escapes of --escape in place. What is no escape stays as it is.
static void unescape(struct buf *b)
{
    static const char letters[] = "ntr\\\"'", values[] = "\n\t\r\\\"'";
    size_t to = 0;
    for (size_t from = 0; from < b->len;) {
        char c = b->data[from++];
        const char *at =
            c == '\\' && from < b->len && b->data[from] ? strchr(letters, b->data[from]) : NULL;
        // b->data is NUL-terminated, so two digits can be looked at.
        if (at) {
            c = values[at - letters];
            from++;
        } else if (c == '\\' && b->data[from] == 'x' && hex_value(b->data[from + 1]) >= 0 &&
                   hex_value(b->data[from + 2]) >= 0) {
            c = (char)(hex_value(b->data[from + 1]) * 16 + hex_value(b->data[from + 2]));
            from += 3;
        }
        b->data[to++] = c;
    }
    b->data[b->len = to] = 0;
}

bool prompt_text(const struct app *a, struct buf *out, bool *given, struct err *e)
{
    const char *file = a->o.prompt_file;
    *given = true;
    buf_puts(out, "");
    if (a->o.prompt) {
        buf_puts(out, a->o.prompt);
    } else if (file && strcmp(file, "-") != 0) {
        if (!os_read_file(file, PROMPT_LIMIT, out, e))
            return false;
    } else if (file || !os_is_terminal(0)) {
        if (!read_stdin(out, e))
            return false;
        *given = file || out->len > 0;
    } else {
        *given = false;
    }
    if (a->o.escape)
        unescape(out);
    if (memchr(out->data, 0, out->len))
        return err_set(e, "%s: holds a NUL byte; a prompt is text", file ? file : "the prompt");
    return true;
}

bool prompt_tokens(const struct app *a, struct tokens *out, struct err *e)
{
    int vocabulary = engine_vocabulary(a->engine);
    for (const char *p = a->o.tokens;;) {
        char *end;
        errno = 0;
        long id = strtol(p, &end, 10);
        if (end == p || (*end && *end != ','))
            return err_set(e, "--tokens: '%s' is not a list of numbers like 1,2,3", a->o.tokens);
        if (errno || id < 0 || id >= vocabulary)
            return err_set(e, "--tokens: %.*s is not within 0 to %d", (int)(end - p), p,
                           vocabulary - 1);
        tokens_push(out, (token_id)id);
        if (!*end)
            return true;
        p = end + 1;
    }
}

bool prompt_encode(const struct app *a, const struct chat_message *messages, size_t n,
                   struct tokens *out, struct err *e)
{
    const struct tokenizer *tok = engine_tokenizer(a->engine);
    struct buf text = {0};
    buf_puts(&text, "");
    if (!a->template) {
        for (size_t i = 0; i < n; i++)
            buf_puts(&text, messages[i].content);
        tokenizer_encode(tok, (struct slice){text.data, text.len},
                         TOKENIZE_SPECIAL | TOKENIZE_PARSE, out);
        buf_free(&text);
        return true;
    }
    bool ok = chat_render(a->template, messages, n, true, &text, e);
    if (ok) {
        // Most templates write the token that begins a text themselves; it must not stand twice.
        struct tokens body = {0};
        token_id bos = tokenizer_bos(tok);
        tokenizer_encode(tok, (struct slice){text.data, text.len}, TOKENIZE_PARSE, &body);
        if (tokenizer_adds_bos(tok) && bos >= 0 && (!body.len || body.ids[0] != bos))
            tokens_push(out, bos);
        for (size_t i = 0; i < body.len; i++)
            tokens_push(out, body.ids[i]);
        tokens_free(&body);
    }
    buf_free(&text);
    return ok;
}
