// SPDX-License-Identifier: Apache-2.0
// --logits: what the model thinks of every position, as a numpy array for comparison with others.
#include <string.h>

#include "cli/app.h"
#include "platform/platform.h"

// The .npy format, version 1.0: magic, length of the description, the description padded with
// spaces and ended by a newline so that the data begins at a multiple of 64, then the numbers.
static void npy_header(struct buf *out, size_t rows, size_t columns)
{
    struct buf text = {0};
    buf_printf(&text, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", rows,
               columns);
    size_t prefix = 6 + 2 + 2, pad = 64 - (prefix + text.len + 1) % 64;
    buf_printf(&text, "%*s\n", (int)(pad % 64), "");
    buf_append(out, "\x93NUMPY\x01\x00", 8);
    buf_putc(out, (char)(text.len & 0xff));
    buf_putc(out, (char)(text.len >> 8));
    buf_append(out, text.data, text.len);
    buf_free(&text);
}

struct rows {
    struct os_output *file;
    size_t vocabulary;
    struct err why; // set by the first row that could not be written
};

static void write_row(int position, const float *logits, void *arg)
{
    (void)position;
    struct rows *r = arg;
    if (!err_is_set(&r->why))
        os_output_write(r->file, logits, r->vocabulary * sizeof *logits, &r->why);
}

static bool is_over(void *arg)
{
    struct rows *r = arg;
    return err_is_set(&r->why) || os_interrupt_pending();
}

// False without *e: interrupted.
static bool evaluate(struct app *a, const struct tokens *ids, struct os_output *file, struct err *e)
{
    struct rows rows = {file, (size_t)engine_vocabulary(a->engine), {0}};
    struct buf header = {0};
    if (!ids->len)
        return err_set(e, "--logits: there are no tokens");
    int context = a->o.context ? a->o.context : (int)ids->len;
    struct session *s = session_new(a->engine, context, e);
    if (!s)
        return false;
    app_note_context(a, s);
    npy_header(&header, ids->len, rows.vocabulary);
    bool ok = os_output_write(file, header.data, header.len, e) &&
              session_eval(s, ids->ids, ids->len, write_row, &rows, is_over, &rows, e);
    // The last rows are handed out after the last question whether it is over.
    if (err_is_set(&rows.why))
        ok = err_set(e, "%s", rows.why.text);
    buf_free(&header);
    session_free(s);
    return ok;
}

static bool load_and_evaluate(struct app *a, const struct buf *text, struct os_output *file,
                              struct err *e)
{
    struct tokens ids = {0};
    bool ok = app_load(a, e);
    if (ok && a->o.tokens)
        ok = prompt_tokens(a, &ids, e);
    else if (ok)
        tokenizer_encode(engine_tokenizer(a->engine), (struct slice){text->data, text->len},
                         TOKENIZE_SPECIAL | TOKENIZE_PARSE, &ids);
    ok = ok && evaluate(a, &ids, file, e);
    tokens_free(&ids);
    return ok;
}

int run_logits(struct app *a, struct err *e)
{
    struct buf text = {0};
    bool given = true;
    bool ok = a->o.tokens || prompt_text(a, &text, &given, e);
    if (!given) {
        err_set(e, "--logits needs a prompt: -p TEXT, -f FILE or --tokens 1,2,3");
        buf_free(&text);
        return STATUS_USAGE;
    }
    // Before the work: a folder that is not there is to be known at once.
    struct os_output *file = ok ? os_create(a->o.logits_file, e) : NULL;
    int status = STATUS_FAILED;
    if (file) {
        os_interrupt_catch(); // so that nothing unfinished is left
        ok = load_and_evaluate(a, &text, file, e);
        bool interrupted = !ok && !err_is_set(e);
        ok = os_output_close(file, ok, e) && ok;
        status = ok ? STATUS_OK : interrupted ? STATUS_INTERRUPTED : STATUS_FAILED;
        os_interrupt_release();
    }
    buf_free(&text);
    return status;
}
