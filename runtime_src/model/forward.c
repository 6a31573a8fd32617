// SPDX-License-Identifier: Apache-2.0
// Tokens in, logits out. The story: embed the tokens; in each layer let every position gather from
// the earlier ones (attention), then think on its own (feed-forward), both added to the residual
// stream x; norm; multiply by the vocabulary.
//
// Work is cut into tasks that the pool's threads take in any order: a token, a head of a token, or
// a fixed number of rows of a matrix. No task's result depends on another's of the same loop or on
// how many threads there are, so the logits do not either. Nor do they depend on how a prompt is
// cut into batches (kernels.h promises that for matrices).
#include "model/forward.h"

#include <math.h>
#include <string.h>

// One loop of tasks for a batch. Shapes are those of struct session.
struct stage {
    struct session *s;
    const token_id *ids;
    int layer;
    int first; // the first token that the loop works on
};

// A single task is not worth waking anybody.
static void run(struct session *s, int64_t tasks, void (*fn)(void *, int64_t, int), void *arg)
{
    if (tasks == 1)
        fn(arg, 0, 0);
    else if (tasks > 1)
        pool_run(s->pool, tasks, fn, arg);
}

// ---- Matrices ----------------------------------------------------------------------------------

// y[j] = w x[j] + bias for `n` tokens from row `first` of both on
struct product {
    const struct matrix *w;
    float *y; // (n, w->rows)
    int first, n;
};

// Products of one input, run as one loop.
struct products {
    struct session *s;
    const float *x; // (B, columns)
    int64_t columns;
    const struct product *list;
    int count;
};

// Rows per task: about this many bytes of weights, so that a task is worth taking and stays in a
// core's cache, and a multiple of what kernels work on at a time. Never a function of the number of
// threads.
#define TASK_BYTES 65536
#define TASK_ROWS_STEP 8

static int64_t task_rows(const struct matrix *w)
{
    int64_t rows = (int64_t)(TASK_BYTES / w->stride) / TASK_ROWS_STEP * TASK_ROWS_STEP;
    return rows > TASK_ROWS_STEP ? rows : TASK_ROWS_STEP;
}

static int64_t task_count(const struct product *p)
{
    return p->n == 0 ? 0 : (p->w->rows + task_rows(p->w) - 1) / task_rows(p->w);
}

static void quantize_row(void *arg, int64_t task, int thread)
{
    (void)thread;
    const struct products *p = arg;
    int64_t j = p->list[0].first + task;
    p->s->m->k.quantize_q8_0(p->x + j * p->columns, p->columns,
                             p->s->quants + j * (p->columns / 32));
}

static void product_rows(const struct products *ps, const struct product *p, int64_t task)
{
    const struct matrix *w = p->w;
    int64_t row = task * task_rows(w);
    int64_t rows = w->rows - row < task_rows(w) ? w->rows - row : task_rows(w);
    enum tensor_type type = kern_activation(w->type);
    size_t x_stride = kern_row_size(type, w->columns);
    const char *x = type == TYPE_Q8_0 ? (const char *)ps->s->quants : (const char *)ps->x;
    float *y = p->y + p->first * w->rows + row;
    ps->s->m->k.mul[w->type](w->columns, (const char *)w->data + row * (int64_t)w->stride,
                             w->stride, rows, x + p->first * (int64_t)x_stride, x_stride, p->n, y,
                             w->rows);
    if (w->bias != NULL)
        for (int64_t j = 0; j < p->n; j++)
            ps->s->m->k.add(w->bias + row, rows, y + j * w->rows);
}

static void product_task(void *arg, int64_t task, int thread)
{
    (void)thread;
    const struct products *ps = arg;
    const struct product *p = ps->list;
    for (; task >= task_count(p); p++)
        task -= task_count(p);
    product_rows(ps, p, task);
}

// x: (B, columns). The first product is the one with the most tokens.
static void multiply(struct session *s, const float *x, const struct product *list, int count)
{
    struct products ps = {s, x, list[0].w->columns, list, count};
    int64_t tasks = 0;
    bool quantized = false;
    for (int i = 0; i < count; i++) {
        tasks += task_count(&list[i]);
        quantized |= kern_activation(list[i].w->type) == TYPE_Q8_0;
    }
    if (quantized)
        run(s, list[0].n, quantize_row, &ps);
    run(s, tasks, product_task, &ps);
}

// ---- Tokens ------------------------------------------------------------------------------------

void forward_prepare(struct model *m)
{
    const struct hparams *h = &m->h;
    m->rope_turns = xmalloc((size_t)h->pairs * sizeof *m->rope_turns);
    for (int i = 0; i < h->pairs; i++) {
        double divisor = m->w.rope_freqs == NULL ? 1 : (double)m->w.rope_freqs[i];
        m->rope_turns[i] = pow(h->rope_base, -(double)i / h->pairs) / divisor / h->rope_factor;
    }
}

// A row of the token table, and the angles of the token's position.
static void embed_task(void *arg, int64_t task, int thread)
{
    (void)thread;
    const struct stage *st = arg;
    struct session *s = st->s;
    const struct model *m = s->m;
    const struct matrix *table = &m->w.token_embd;
    const char *row = (const char *)table->data + (size_t)st->ids[task] * table->stride;
    m->k.dequantize[table->type](row, m->h.embd, s->x + task * m->h.embd);
    int pairs = m->h.pairs;
    for (int i = 0; i < pairs; i++) {
        double angle = (double)(s->length + task) * m->rope_turns[i];
        s->cosine[task * pairs + i] = (float)cos(angle);
        s->sine[task * pairs + i] = (float)sin(angle);
    }
}

struct norming {
    struct session *s;
    const float *weight; // (embd)
    int first;
    float *out; // (n, embd)
};

static void norm_task(void *arg, int64_t task, int thread)
{
    (void)thread;
    const struct norming *st = arg;
    const struct model *m = st->s->m;
    const float *x = st->s->x + (st->first + task) * m->h.embd;
    switch (m->arch->norm) {
    case NORM_RMS:
        m->k.rms_norm(x, st->weight, m->h.embd, m->h.eps, st->out + task * m->h.embd);
        break;
    }
}

// out: rows for the tokens from `first` on, (n - first, embd)
static void norm(struct session *s, const float *weight, int first, int n, float *out)
{
    struct norming st = {s, weight, first, out};
    run(s, n - first, norm_task, &st);
}

// x += h
static void add_task(void *arg, int64_t task, int thread)
{
    (void)thread;
    const struct stage *st = arg;
    int64_t embd = st->s->m->h.embd, at = (st->first + task) * embd;
    st->s->m->k.add(st->s->h + at, embd, st->s->x + at);
}

// ---- Attention ---------------------------------------------------------------------------------

// Where a head's positions begin in s->keys and s->values: (context, head).
static size_t cache_at(const struct session *s, int layer, int kv_head)
{
    const struct hparams *h = &s->m->h;
    return ((size_t)layer * (size_t)h->kv_heads + (size_t)kv_head) * (size_t)s->context *
           (size_t)h->head;
}

static void rotate(const struct model *m, float *x, const float *cosine, const float *sine)
{
    if (m->arch->rope == ROPE_ADJACENT)
        m->k.rope_adjacent(x, cosine, sine, m->h.pairs);
    else
        m->k.rope_split(x, cosine, sine, m->h.pairs);
}

// Rotates the queries and keys of a token and puts its keys and values into the cache.
static void store_task(void *arg, int64_t task, int thread)
{
    (void)thread;
    const struct stage *st = arg;
    struct session *s = st->s;
    const struct hparams *h = &s->m->h;
    const float *cosine = s->cosine + task * h->pairs, *sine = s->sine + task * h->pairs;
    if (task >= st->first)
        for (int i = 0; i < h->heads; i++)
            rotate(s->m, s->q + (task * h->heads + i) * h->head, cosine, sine);
    for (int i = 0; i < h->kv_heads; i++) {
        float *key = s->k + (task * h->kv_heads + i) * h->head;
        const float *value = s->v + (task * h->kv_heads + i) * h->head;
        size_t at = cache_at(s, st->layer, i) + (size_t)(s->length + task) * (size_t)h->head;
        rotate(s->m, key, cosine, sine);
        memcpy(s->keys + at, key, (size_t)h->head * sizeof *key);
        memcpy(s->values + at, value, (size_t)h->head * sizeof *value);
    }
}

// One query head of one token over the positions it may see.
static void attend_task(void *arg, int64_t task, int thread)
{
    const struct stage *st = arg;
    struct session *s = st->s;
    const struct hparams *h = &s->m->h;
    int64_t token = st->first + task / h->heads, head = task % h->heads;
    int64_t seen = s->length + token + 1;
    int64_t start = h->window > 0 && seen > h->window ? seen - h->window : 0;
    size_t at = cache_at(s, st->layer, (int)(head / (h->heads / h->kv_heads))) +
                (size_t)start * (size_t)h->head;
    int64_t column = (token * h->heads + head) * h->head;
    s->m->k.attend(s->q + column, s->keys + at, s->values + at, seen - start, h->head, h->head,
                   h->attn_scale, s->scores + (int64_t)thread * s->context, s->mix + column);
}

// x += output(attention(norm(x))) for the tokens from `first` on; the cache gets all n.
static void attention(struct session *s, int layer, int n, int first)
{
    const struct layer *w = &s->m->w.layers[layer];
    struct stage st = {.s = s, .layer = layer, .first = first};
    norm(s, w->attn_norm, 0, n, s->h);
    const struct product inputs[] = {
        {&w->attn_k, s->k, 0, n},
        {&w->attn_v, s->v, 0, n},
        {&w->attn_q, s->q, first, n - first},
    };
    multiply(s, s->h, inputs, 3);
    run(s, n, store_task, &st);
    run(s, (int64_t)(n - first) * s->m->h.heads, attend_task, &st);
    if (first == n)
        return;
    multiply(s, s->mix, &(struct product){&w->attn_output, s->h, first, n - first}, 1);
    run(s, n - first, add_task, &st);
}

// ---- Feed-forward ------------------------------------------------------------------------------

static void activate_task(void *arg, int64_t task, int thread)
{
    (void)thread;
    const struct stage *st = arg;
    struct session *s = st->s;
    int64_t ff = s->m->h.ff, at = (st->first + task) * ff;
    switch (s->m->arch->activation) {
    case ACT_SWIGLU:
        s->m->k.swiglu(s->gate + at, s->up + at, ff, s->gate + at);
        break;
    }
}

// x += down(activation(norm(x))) for the tokens from `first` on.
static void feed_forward(struct session *s, int layer, int n, int first)
{
    if (first == n)
        return;
    const struct layer *w = &s->m->w.layers[layer];
    struct stage st = {.s = s, .layer = layer, .first = first};
    norm(s, w->ffn_norm, first, n, s->h + (int64_t)first * s->m->h.embd);
    const struct product inputs[] = {
        {&w->ffn_gate, s->gate, first, n - first},
        {&w->ffn_up, s->up, first, n - first},
    };
    multiply(s, s->h, inputs, 2);
    run(s, n - first, activate_task, &st);
    multiply(s, s->gate, &(struct product){&w->ffn_down, s->h, first, n - first}, 1);
    run(s, n - first, add_task, &st);
}

// ---- The whole ---------------------------------------------------------------------------------

bool forward_run(struct session *s, const token_id *ids, int n, int first, bool (*stop)(void *),
                 void *stop_arg)
{
    int layers = s->m->h.layers;
    struct stage st = {.s = s, .ids = ids};
    run(s, n, embed_task, &st);
    for (int i = 0; i < layers; i++) {
        if (stop != NULL && stop(stop_arg))
            return false;
        // Behind the last layer's keys and values, only what is wanted counts.
        int from = i == layers - 1 ? first : 0;
        attention(s, i, n, from);
        feed_forward(s, i, n, from);
    }
    norm(s, s->m->w.output_norm, first, n, s->h);
    return true;
}

void forward_logits(struct session *s, int row, int rows, float *out)
{
    const struct product p = {&s->m->w.output, out, 0, rows};
    multiply(s, s->h + (int64_t)row * s->m->h.embd, &p, 1);
}
