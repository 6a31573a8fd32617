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
    struct buf *out;
    size_t vocabulary;
};

static void add_row(int position, const float *logits, void *arg)
{
    (void)position;
    struct rows *r = arg;
    buf_append(r->out, logits, r->vocabulary * sizeof *logits);
}

static bool evaluate(struct app *a, const struct tokens *ids, struct buf *file, struct err *e)
{
    struct rows rows = {file, (size_t)engine_vocabulary(a->engine)};
    if (!ids->len)
        return err_set(e, "--logits: there are no tokens");
    int context = a->o.context ? a->o.context : (int)ids->len;
    struct session *s = session_new(a->engine, context, e);
    if (!s)
        return false;
    npy_header(file, ids->len, rows.vocabulary);
    bool ok = session_eval(s, ids->ids, ids->len, add_row, &rows, NULL, NULL, e);
    session_free(s);
    return ok;
}

int run_logits(struct app *a, struct err *e)
{
    struct buf text = {0}, file = {0};
    struct tokens ids = {0};
    bool given = true;
    bool ok = a->o.tokens || prompt_text(a, &text, &given, e);
    if (!given) {
        err_set(e, "--logits needs a prompt: -p TEXT, -f FILE or --tokens 1,2,3");
        buf_free(&text);
        return STATUS_USAGE;
    }
    ok = ok && app_load(a, e);
    if (ok && a->o.tokens)
        ok = prompt_tokens(a, &ids, e);
    else if (ok)
        tokenizer_encode(engine_tokenizer(a->engine), (struct slice){text.data, text.len},
                         TOKENIZE_SPECIAL | TOKENIZE_PARSE, &ids);
    ok = ok && evaluate(a, &ids, &file, e) &&
         os_write_file(a->o.logits_file, file.data, file.len, e);
    tokens_free(&ids);
    buf_free(&text);
    buf_free(&file);
    return ok ? STATUS_OK : STATUS_FAILED;
}
