// SPDX-License-Identifier: Apache-2.0
// --bench: tokens per second, reading (pp, a prompt in one go) and writing (tg, one by one).
#include <stdio.h>
#include <stdlib.h>

#include "cli/app.h"
#include "platform/platform.h"

// The median of this many runs, or of fewer when a slow machine has used up its time.
#define RUNS 5
#define ENOUGH_NS 60000000000u

struct measure {
    int tokens;
    int runs;
    double rate[RUNS]; // tokens per second, sorted at the end
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const struct measure *m)
{
    int middle = m->runs / 2;
    return m->runs % 2 ? m->rate[middle] : (m->rate[middle - 1] + m->rate[middle]) / 2;
}

// Any tokens do; the ones here are spread over the vocabulary so that no row stays in the cache.
static token_id token_at(const struct app *a, int i)
{
    return (token_id)((uint64_t)(i + 1) * 2654435761u % (uint64_t)engine_vocabulary(a->engine));
}

// One run in nanoseconds. Reading is one call, writing is a call for each token.
static bool run(struct app *a, struct session *s, int tokens, bool one_by_one, uint64_t *ns,
                struct err *e)
{
    struct tokens ids = {0};
    for (int i = 0; i < tokens; i++)
        tokens_push(&ids, token_at(a, i));
    session_truncate(s, 0);
    bool ok = true;
    uint64_t start = os_now_ns();
    if (!one_by_one)
        ok = session_eval(s, ids.ids, ids.len, NULL, NULL, NULL, NULL, e);
    for (int i = 0; one_by_one && ok && i < tokens; i++)
        ok = session_eval(s, ids.ids + i, 1, NULL, NULL, NULL, NULL, e);
    *ns = os_now_ns() - start;
    tokens_free(&ids);
    return ok;
}

static bool measure(struct app *a, struct session *s, struct measure *m, bool one_by_one,
                    struct err *e)
{
    uint64_t ns, total = 0;
    if (!m->tokens)
        return true;
    // Unmeasured: the first touch of weights and memory.
    if (!run(a, s, m->tokens < 8 ? m->tokens : 8, one_by_one, &ns, e))
        return false;
    while (m->runs < RUNS && (total < ENOUGH_NS || !m->runs)) {
        if (!run(a, s, m->tokens, one_by_one, &ns, e))
            return false;
        m->rate[m->runs++] = (double)m->tokens * 1e9 / (double)(ns ? ns : 1);
        total += ns;
    }
    qsort(m->rate, (size_t)m->runs, sizeof *m->rate, by_value);
    return true;
}

static void json_string(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            printf("\\u%04x", *s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void json_number(const char *key, const struct measure *m)
{
    if (m->runs)
        printf(", \"%s\": %.3f, \"n_%s\": %d", key, median(m), key, m->tokens);
    else
        printf(", \"%s\": null, \"n_%s\": 0", key, key);
}

static void print_json(const struct app *a, const struct measure *pp, const struct measure *tg)
{
    struct buf text = {0};
    engine_describe(a->engine, &text);
    printf("{\"model\": ");
    json_string(a->blob.label);
    printf(", \"description\": ");
    json_string(text.data);
    printf(", \"isa\": \"%s\", \"threads\": %d, \"runs\": %d", engine_isa(a->engine),
           engine_threads(a->engine), pp->runs > tg->runs ? pp->runs : tg->runs);
    json_number("pp", pp);
    json_number("tg", tg);
    printf("}\n");
    buf_free(&text);
}

static void print_row(const char *what, const struct measure *m)
{
    char name[32];
    snprintf(name, sizeof name, "%s %d", what, m->tokens);
    if (m->runs)
        printf("%-10s %12.2f %12.2f %12.2f %6d\n", name, median(m), m->rate[0],
               m->rate[m->runs - 1], m->runs);
}

static void print_table(const struct app *a, const struct measure *pp, const struct measure *tg)
{
    struct buf text = {0};
    engine_describe(a->engine, &text);
    printf("%s\n%s, %d threads, tokens per second:\n\n", text.data, engine_isa(a->engine),
           engine_threads(a->engine));
    printf("%-10s %12s %12s %12s %6s\n", "", "median", "slowest", "fastest", "runs");
    print_row("pp", pp);
    print_row("tg", tg);
    buf_free(&text);
}

int run_bench(struct app *a, struct err *e)
{
    struct measure pp = {.tokens = a->o.bench_pp}, tg = {.tokens = a->o.bench_tg};
    int need = pp.tokens > tg.tokens ? pp.tokens : tg.tokens;
    if (!app_load(a, e))
        return STATUS_FAILED;
    struct session *s = session_new(a->engine, a->o.context ? a->o.context : need, e);
    bool ok = s && measure(a, s, &pp, false, e) && measure(a, s, &tg, true, e);
    if (s)
        session_free(s);
    if (!ok)
        return STATUS_FAILED;
    if (a->o.json)
        print_json(a, &pp, &tg);
    else
        print_table(a, &pp, &tg);
    return out_flush(NULL, e) ? STATUS_OK : STATUS_FAILED;
}
