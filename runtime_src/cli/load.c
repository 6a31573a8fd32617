// SPDX-License-Identifier: Apache-2.0
// From a name to a model that is ready to run.
#include <stdio.h>
#include <stdlib.h>

#include "cli/app.h"
#include "platform/platform.h"

#define BAR "##############################"
#define BAR_FRAME 18 // columns that "loading [] 100%" and a margin take
#define TEMPLATE_LIMIT (1u << 20)

struct bar {
    int width;   // columns between the brackets; what fits the terminal
    int percent; // as last drawn
};

static void draw_bar(double fraction, void *arg)
{
    struct bar *bar = arg;
    int percent = (int)(fraction * 100);
    if (percent == bar->percent)
        return;
    bar->percent = percent;
    int full = percent * bar->width / 100;
    fprintf(stderr, "\rloading [%.*s%*s] %3d%%", full, BAR, bar->width - full, "", percent);
    fflush(stderr);
}

bool app_load(struct app *a, struct err *e)
{
    if (!blob_open(a->self, a->o.model, a->o.model_packed, &a->blob, e))
        return false;
    int most = (int)sizeof BAR - 1, room = os_terminal_width(2) - BAR_FRAME;
    struct bar bar = {.width = room < 1 ? 1 : room < most ? room : most, .percent = -1};
    struct engine_options opt = {.threads = a->o.threads, .disable_cpu = a->o.disable_cpu};
    if (os_is_terminal(2)) {
        opt.progress = draw_bar;
        opt.progress_arg = &bar;
    }
    a->engine = engine_open(a->blob.map.data, a->blob.map.size, a->blob.label, &opt, e);
    if (bar.percent >= 0)
        fprintf(stderr, "\r\x1b[K");
    if (!a->engine)
        return false;
    if (a->o.verbose) {
        struct buf line = {0};
        engine_describe(a->engine, &line);
        fprintf(stderr, "%s: %s\n%s: %s kernels, %d threads, processor has: %s\n", a->blob.label,
                line.data, a->name, engine_isa(a->engine), engine_threads(a->engine),
                engine_features(a->engine));
        buf_free(&line);
    }
    return true;
}

bool app_load_template(struct app *a, struct err *e)
{
    const struct tokenizer *tok = engine_tokenizer(a->engine);
    if (a->o.raw)
        return true;
    if (a->o.template_text) {
        a->template = chat_template_from_text(slice_of(a->o.template_text), tok, e);
        return a->template != NULL;
    }
    if (a->o.template_file) {
        struct buf text = {0};
        if (os_read_file(a->o.template_file, TEMPLATE_LIMIT, &text, e))
            a->template = chat_template_from_text((struct slice){text.data, text.len}, tok, e);
        buf_free(&text);
        return a->template != NULL;
    }
    return chat_template_new(engine_gguf(a->engine), tok, &a->template, e);
}

void app_free(struct app *a)
{
    if (a->template)
        chat_template_free(a->template);
    if (a->engine)
        engine_close(a->engine);
    blob_close(&a->blob);
}
