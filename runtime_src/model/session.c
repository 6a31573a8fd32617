// SPDX-License-Identifier: Apache-2.0
// One timeline of tokens over an engine: the memory it takes, and the loop that feeds batches to
// forward.c.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/engine.h"
#include "model/forward.h"
#include "model/state.h"

// Rows of logits computed together when a caller wants all of them; vocabularies are large.
#define LOGIT_ROWS 16
#define ARRAY_ALIGNMENT 64 // a cache line

// ---- Memory ------------------------------------------------------------------------------------

// Hands out the arrays of a session one after the other; without memory it only adds up.
struct arena {
    unsigned char *base;
    uint64_t at;
};

static void *take(struct arena *a, uint64_t count, uint64_t size)
{
    void *p = a->base == NULL ? NULL : a->base + a->at;
    a->at += (count * size + ARRAY_ALIGNMENT - 1) / ARRAY_ALIGNMENT * ARRAY_ALIGNMENT;
    return p;
}

static float *floats(struct arena *a, uint64_t rows, uint64_t columns)
{
    return take(a, rows * columns, sizeof(float));
}

// The longest input of a matrix.
static uint64_t longest_input(const struct hparams *h)
{
    uint64_t q = (uint64_t)hparams_dim(h, DIM_Q), n = (uint64_t)(h->embd > h->ff ? h->embd : h->ff);
    return n > q ? n : q;
}

// Points the arrays of `s` into `base`. Returns the bytes they take.
static uint64_t lay_out(struct session *s, int threads, unsigned char *base)
{
    const struct hparams *h = &s->m->h;
    struct arena a = {base, 0};
    uint64_t n = (uint64_t)s->batch, embd = (uint64_t)h->embd, ff = (uint64_t)h->ff;
    uint64_t q = (uint64_t)hparams_dim(h, DIM_Q), kv = (uint64_t)hparams_dim(h, DIM_KV);
    uint64_t context = (uint64_t)s->context;
    s->keys = floats(&a, (uint64_t)h->layers * context, kv);
    s->values = floats(&a, (uint64_t)h->layers * context, kv);
    s->x = floats(&a, n, embd);
    s->h = floats(&a, n, embd);
    s->q = floats(&a, n, q);
    s->k = floats(&a, n, kv);
    s->v = floats(&a, n, kv);
    s->mix = floats(&a, n, q);
    s->gate = floats(&a, n, ff);
    s->up = floats(&a, n, ff);
    s->quants = take(&a, n * (longest_input(h) / 32 + 1), sizeof *s->quants);
    s->cosine = floats(&a, n, (uint64_t)h->pairs);
    s->sine = floats(&a, n, (uint64_t)h->pairs);
    s->scores = floats(&a, (uint64_t)threads, context);
    s->logits = floats(&a, 1, (uint64_t)h->vocab);
    return a.at;
}

static void set_sizes(struct session *s, struct engine *en, int context)
{
    s->engine = en;
    s->m = &en->model;
    s->pool = en->pool;
    s->context = context;
    s->batch = context < SESSION_BATCH ? context : SESSION_BATCH;
}

uint64_t engine_session_bytes(const struct engine *en, int context)
{
    struct session s = {0};
    s.m = &en->model;
    s.context = context;
    s.batch = context < SESSION_BATCH ? context : SESSION_BATCH;
    return lay_out(&s, engine_threads(en), NULL);
}

// The largest context below `context` whose session takes at most `bytes`; 0 when none does.
static int largest_context(const struct engine *en, int context, uint64_t bytes)
{
    int fits = 0, fails = context;
    while (fails - fits > 1) {
        int middle = fits + (fails - fits) / 2;
        if (engine_session_bytes(en, middle) <= bytes)
            fits = middle;
        else
            fails = middle;
    }
    return fits > SESSION_BATCH ? fits / SESSION_BATCH * SESSION_BATCH : fits;
}

// More than the model was trained on is not advised, even where it fits.
static bool too_large(const struct engine *en, int context, uint64_t available, struct err *e)
{
    double gib = 1 << 30;
    int fits = largest_context(en, context, available), trained = en->model.h.context;
    char advice[64] = "free some memory or take a smaller model";
    if (fits >= trained)
        snprintf(advice, sizeof advice, "the model was trained on: -c %d", trained);
    else if (fits > 0)
        snprintf(advice, sizeof advice, "the largest that fits: -c %d", fits);
    return err_set(e,
                   "%s: a context of %d tokens needs %.2f GiB of memory, %.2f GiB are available "
                   "(%s)",
                   gguf_label(en->gguf), context, (double)engine_session_bytes(en, context) / gib,
                   (double)available / gib, advice);
}

// ---- Life --------------------------------------------------------------------------------------

struct session *session_new(struct engine *en, int context, struct err *e)
{
    int trained = en->model.h.context;
    if (context < 0 || context > HPARAMS_MAX_CONTEXT) {
        err_set(e, "%s: a context of %d tokens is impossible (0 to %d)", gguf_label(en->gguf),
                context, HPARAMS_MAX_CONTEXT);
        return NULL;
    }
    if (context == 0)
        context = trained < ENGINE_DEFAULT_CONTEXT ? trained : ENGINE_DEFAULT_CONTEXT;
    uint64_t bytes = engine_session_bytes(en, context), available = os_memory_available();
    if (available != 0 && bytes > available) {
        too_large(en, context, available, e);
        return NULL;
    }
    struct session *s = xcalloc(1, sizeof *s);
    set_sizes(s, en, context);
    s->memory = base_alloc_aligned(ARRAY_ALIGNMENT, (size_t)bytes);
    if (s->memory == NULL) {
        err_set(e, "%s: the system refused %.2f GiB of memory for a context of %d tokens",
                gguf_label(en->gguf), (double)bytes / (1 << 30), context);
        session_free(s);
        return NULL;
    }
    lay_out(s, engine_threads(en), s->memory);
    return s;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    base_free_aligned(s->memory);
    free(s);
}

int session_context(const struct session *s)
{
    return s->context;
}

int session_length(const struct session *s)
{
    return s->length;
}

void session_truncate(struct session *s, int length)
{
    assert(length >= 0 && length <= s->length);
    s->length = length;
}

const float *session_logits(const struct session *s)
{
    return s->logits;
}

// ---- Evaluation --------------------------------------------------------------------------------

// What the caller of session_eval asked for.
struct request {
    session_each *each;
    void *each_arg;
    bool (*stop)(void *);
    void *stop_arg;
    float *rows; // (LOGIT_ROWS, vocab) when `each` is set
};

static void hand_out_logits(struct session *s, int n, const struct request *r)
{
    int64_t vocab = s->m->h.vocab;
    for (int i = 0; i < n; i += LOGIT_ROWS) {
        int rows = n - i < LOGIT_ROWS ? n - i : LOGIT_ROWS;
        os_mutex_lock(s->engine->turn);
        forward_logits(s, i, rows, r->rows);
        os_mutex_unlock(s->engine->turn);
        for (int j = 0; j < rows; j++)
            r->each(s->length + i + j, r->rows + j * vocab, r->each_arg);
        if (i + rows == n)
            memcpy(s->logits, r->rows + (rows - 1) * vocab, (size_t)vocab * sizeof *s->logits);
    }
}

// One batch; `last` if no other follows. Sessions take turns at the pool, batch by batch.
static bool eval_batch(struct session *s, const token_id *ids, int n, bool last,
                       const struct request *r)
{
    int first = r->each != NULL ? 0 : last ? n - 1 : n;
    os_mutex_lock(s->engine->turn);
    bool done = forward_run(s, ids, n, first, r->stop, r->stop_arg);
    if (done && r->each == NULL && last)
        forward_logits(s, 0, 1, s->logits);
    os_mutex_unlock(s->engine->turn);
    if (done && r->each != NULL)
        hand_out_logits(s, n, r);
    if (done)
        s->length += n;
    return done;
}

static bool check_tokens(const struct session *s, const token_id *ids, size_t n, struct err *e)
{
    const char *label = gguf_label(s->engine->gguf);
    if (n > (size_t)(s->context - s->length))
        return err_set(e,
                       "%s: the context of %d tokens is full (%d are in use, %zu more were given)",
                       label, s->context, s->length, n);
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || ids[i] >= s->m->h.vocab)
            return err_set(e, "%s: token %d is not one of the model's %d", label, (int)ids[i],
                           s->m->h.vocab);
    return true;
}

bool session_eval(struct session *s, const token_id *ids, size_t n, session_each *each, void *arg,
                  bool (*stop)(void *), void *stop_arg, struct err *e)
{
    if (!check_tokens(s, ids, n, e))
        return false;
    struct request r = {each, arg, stop, stop_arg, NULL};
    if (each != NULL)
        r.rows = xmalloc(LOGIT_ROWS * (size_t)s->m->h.vocab * sizeof *r.rows);
    bool ok = true;
    for (size_t done = 0; done < n && ok;) {
        size_t count = n - done < (size_t)s->batch ? n - done : (size_t)s->batch;
        ok = eval_batch(s, ids + done, (int)count, done + count == n, &r);
        done += count;
    }
    free(r.rows);
    return ok;
}
