// SPDX-License-Identifier: Apache-2.0
// --cli: one prompt, one answer. Into a pipe goes the answer alone.
#include <stdio.h>
#include <stdlib.h>

#include "cli/app.h"
#include "platform/platform.h"

// The prompt before its answer, for a reader; not for a pipe.
static void show_prompt(const struct app *a, const struct buf *text)
{
    if (!os_is_terminal(1) || a->o.hide_prompt)
        return;
    fwrite(text->data, 1, text->len, stdout);
    // A text that is continued runs on; an answer stands apart.
    if (a->template)
        fputs("\n\n", stdout);
    fflush(stdout);
}

static int answer(struct app *a, const struct tokens *prompt, struct err *e)
{
    struct timeline t;
    struct out out;
    if (!timeline_new(a, a->o.context, &t, e))
        return STATUS_FAILED;
    out_init(&out);
    os_interrupt_catch();
    enum stop why = timeline_answer(a, &t, prompt, &out, e);
    out_finish(&out);
    timeline_explain(a, &t, why);
    if (a->o.verbose && why != STOP_ERROR)
        timeline_print_speed(&t);
    bool ok = why != STOP_ERROR && out_flush(&out, e);
    out_free(&out);
    timeline_free(&t);
    os_interrupt_release();
    if (!ok)
        return STATUS_FAILED;
    return why == STOP_INTERRUPT ? STATUS_INTERRUPTED : STATUS_OK;
}

int run_once(struct app *a, struct err *e)
{
    struct buf text = {0};
    struct tokens prompt = {0};
    bool given;
    int status = STATUS_FAILED;
    if (!prompt_text(a, &text, &given, e)) {
        buf_free(&text);
        return STATUS_FAILED;
    }
    if (!given) {
        err_set(e, "there is no prompt: give -p TEXT or -f FILE, or pipe one in");
        buf_free(&text);
        return STATUS_USAGE;
    }
    struct chat_message messages[2];
    size_t n = 0;
    bool ok = app_load(a, e) && app_load_template(a, e);
    if (ok && a->o.system && !a->template)
        ok = err_set(e, "%s: has no chat template, so --system has no meaning", a->blob.label);
    if (a->o.system)
        messages[n++] = (struct chat_message){"system", (char *)(uintptr_t)a->o.system};
    messages[n++] = (struct chat_message){"user", text.data};
    if (ok && prompt_encode(a, messages, n, &prompt, e)) {
        show_prompt(a, &text);
        status = answer(a, &prompt, e);
    }
    tokens_free(&prompt);
    buf_free(&text);
    return status;
}
