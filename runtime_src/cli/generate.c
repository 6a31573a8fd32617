// SPDX-License-Identifier: Apache-2.0
// The loop that makes text: evaluate, sample, print, again.
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "platform/platform.h"

void app_note_context(const struct app *a, const struct session *s)
{
    int context = session_context(s), trained = engine_context_trained(a->engine);
    if (context > trained)
        fprintf(stderr,
                "%s: note: the model was trained on %d tokens of context; its text may turn into "
                "nonsense between them and %d\n",
                a->name, trained, context);
}

bool timeline_new(struct app *a, int context, struct timeline *t, struct err *e)
{
    *t = (struct timeline){0};
    t->session = session_new(a->engine, context, e);
    if (!t->session)
        return false;
    if (!a->o.seed_given)
        a->o.sampling.seed = os_random_seed();
    app_note_context(a, t->session);
    t->sampler = sampler_new(&a->o.sampling, engine_vocabulary(a->engine));
    return true;
}

void timeline_free(struct timeline *t)
{
    if (t->sampler)
        sampler_free(t->sampler);
    if (t->session)
        session_free(t->session);
    tokens_free(&t->past);
}

void timeline_clear(struct timeline *t)
{
    session_truncate(t->session, 0);
    t->past.len = 0;
}

static bool interrupted(void *arg)
{
    (void)arg;
    return os_interrupt_pending();
}

// Evaluates ids[from..n) and keeps `past` in step with the session, whatever happens.
static enum stop evaluate(struct timeline *t, const token_id *ids, size_t n, struct err *e)
{
    size_t before = (size_t)session_length(t->session);
    bool ok = session_eval(t->session, ids, n, NULL, NULL, interrupted, NULL, e);
    size_t done = (size_t)session_length(t->session) - before;
    for (size_t i = 0; i < done && i < n; i++)
        tokens_push(&t->past, ids[i]);
    if (ok)
        return STOP_END;
    return err_is_set(e) ? STOP_ERROR : STOP_INTERRUPT;
}

// Goes back to what the session has in common with the prompt, and reads the rest of it. The last
// token is always read, because its logits are needed.
static enum stop read_prompt(struct timeline *t, const struct tokens *prompt, struct err *e)
{
    size_t common = 0;
    while (common < t->past.len && common + 1 < prompt->len &&
           t->past.ids[common] == prompt->ids[common])
        common++;
    session_truncate(t->session, (int)common);
    t->past.len = common;
    t->n_read = prompt->len - common;
    uint64_t start = os_now_ns();
    enum stop why = evaluate(t, prompt->ids + common, t->n_read, e);
    t->read_ns = os_now_ns() - start;
    return why;
}

static bool fits(const struct app *a, const struct timeline *t, const struct tokens *prompt,
                 struct err *e)
{
    int context = session_context(t->session), trained = engine_context_trained(a->engine);
    if (!prompt->len)
        return err_set(e, "the prompt is empty");
    if (prompt->len < (size_t)context)
        return true;
    if (context < trained)
        return err_set(e, "the prompt has %zu tokens, the context %d; a larger one: -c %d",
                       prompt->len, context, trained);
    return err_set(e,
                   "the prompt has %zu tokens, the context %d, which is all the model can do; "
                   "shorten it",
                   prompt->len, context);
}

// Samples and prints until something ends it.
static enum stop write_answer(struct app *a, struct timeline *t, struct out *out, struct err *e)
{
    const struct tokenizer *tok = engine_tokenizer(a->engine);
    struct buf piece = {0};
    enum stop why = STOP_END;
    // Vocabularies in which words begin with a space give an answer one that nobody wrote.
    bool strip = a->template && tokenizer_strips_leading_space(tok);
    size_t limit = a->o.predict < 0 ? SIZE_MAX : (size_t)a->o.predict;
    if (limit == 0)
        return STOP_LIMIT;
    while (why == STOP_END) {
        token_id id = sampler_pick(t->sampler, session_logits(t->session));
        sampler_accept(t->sampler, id);
        if (tokenizer_is_end(tok, id))
            break;
        piece.len = 0;
        tokenizer_decode(tok, id, false, &piece);
        size_t skip = strip && piece.len && piece.data[0] == ' ';
        if (piece.len) {
            strip = false;
            if (!out_write(out, piece.data + skip, piece.len - skip)) {
                out_flush(out, e);
                why = STOP_ERROR;
                break;
            }
        }
        if (++t->n_written == limit)
            why = STOP_LIMIT;
        else if (session_length(t->session) >= session_context(t->session))
            why = STOP_CONTEXT;
        else
            why = evaluate(t, &id, 1, e);
        if (os_interrupt_pending() && why == STOP_END)
            why = STOP_INTERRUPT;
    }
    buf_free(&piece);
    return why;
}

enum stop timeline_answer(struct app *a, struct timeline *t, const struct tokens *prompt,
                          struct out *out, struct err *e)
{
    t->n_read = t->n_written = 0;
    t->read_ns = t->write_ns = 0;
    if (!fits(a, t, prompt, e))
        return STOP_ERROR;
    sampler_reset(t->sampler);
    for (size_t i = 0; i < prompt->len; i++)
        sampler_accept(t->sampler, prompt->ids[i]);
    enum stop why = read_prompt(t, prompt, e);
    if (why != STOP_END)
        return why;
    uint64_t start = os_now_ns();
    why = write_answer(a, t, out, e);
    t->write_ns = os_now_ns() - start;
    return why;
}

void timeline_explain(const struct app *a, const struct timeline *t, enum stop why)
{
    int context = session_context(t->session), trained = engine_context_trained(a->engine);
    if (why != STOP_CONTEXT)
        return;
    if (context < trained)
        fprintf(stderr, "%s: note: the context of %d tokens is full; a larger one: -c %d\n",
                a->name, context, trained);
    else
        fprintf(stderr, "%s: note: the context of %d tokens is full, all the model can do\n",
                a->name, context);
}

static double rate(size_t n, uint64_t ns)
{
    return ns ? (double)n * 1e9 / (double)ns : 0;
}

void timeline_print_speed(const struct timeline *t)
{
    fprintf(stderr, "read %zu tokens (%.1f per second), wrote %zu (%.1f per second)\n", t->n_read,
            rate(t->n_read, t->read_ns), t->n_written, rate(t->n_written, t->write_ns));
}
