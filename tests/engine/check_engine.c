// SPDX-License-Identifier: Apache-2.0
// What pytest asks of engine and session:
//
//     check_engine logits MODEL OUT THREADS CONTEXT SPLIT < ids
//         ids: int32 values. OUT gets float32 rows. SPLIT n > 0: parts of n tokens, every row;
//         n < 0: -n tokens at once, then one by one, and a row after each of these.
//     check_engine open MODEL CONTEXT    one line about it, or "error: TEXT" and status 1
//     check_engine rules MODEL           the promises of engine.h that need no oracle
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/engine.h"
#include "platform/platform.h"

#define CHECK(what) ((what) ? (void)0 : failed(#what, __LINE__))
#define MAX_IDS 4096

static void failed(const char *what, int line)
{
    printf("line %d: %s\n", line, what);
    exit(1);
}

static int fail(const struct err *e)
{
    printf("error: %s\n", e->text);
    return 1;
}

static struct engine *open_engine(const char *path, int threads, struct os_map *map, struct err *e)
{
    struct os_file *f = os_open(path, NULL, e);
    if (f == NULL || !os_map_file(f, 0, os_file_size(f), map, e))
        return NULL;
    os_close(f);
    const char *name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    struct engine_options options = {.threads = threads};
    return engine_open(map->data, map->size, name, &options, e);
}

// ---- logits ------------------------------------------------------------------------------------

struct sink {
    FILE *out;
    int vocab;
    int next; // position expected
};

static void write_row(int position, const float *logits, void *arg)
{
    struct sink *sink = arg;
    CHECK(position == sink->next++);
    CHECK(fwrite(logits, sizeof *logits, (size_t)sink->vocab, sink->out) == (size_t)sink->vocab);
}

static bool eval(struct session *s, const token_id *ids, size_t n, struct err *e)
{
    return session_eval(s, ids, n, NULL, NULL, NULL, NULL, e);
}

static bool write_logits(struct session *s, const token_id *ids, int n, int split,
                         struct sink *sink, struct err *e)
{
    int done = split < 0 ? -split : 0;
    if (split < 0) {
        sink->next = done - 1;
        if (!eval(s, ids, (size_t)done, e))
            return false;
        write_row(done - 1, session_logits(s), sink);
    }
    for (int step = split < 0 ? 1 : split; done < n; done += step) {
        size_t part = (size_t)(n - done < step ? n - done : step);
        bool each = split > 0;
        if (!session_eval(s, ids + done, part, each ? write_row : NULL, sink, NULL, NULL, e))
            return false;
        if (!each)
            write_row(done, session_logits(s), sink);
    }
    return true;
}

static int logits(char **argv)
{
    static token_id ids[MAX_IDS];
    struct os_map map;
    struct err e = {0};
    size_t n = fread(ids, sizeof *ids, MAX_IDS, stdin);
    struct engine *en = open_engine(argv[0], atoi(argv[2]), &map, &e);
    struct session *s = en == NULL ? NULL : session_new(en, atoi(argv[3]), &e);
    if (s == NULL)
        return fail(&e);
    struct sink sink = {fopen(argv[1], "wb"), engine_vocabulary(en), 0};
    CHECK(sink.out != NULL);
    bool ok = write_logits(s, ids, (int)n, atoi(argv[4]), &sink, &e);
    CHECK(fclose(sink.out) == 0);
    CHECK(!ok || session_length(s) == (int)n);
    session_free(s);
    engine_close(en);
    os_unmap(&map);
    return ok ? 0 : fail(&e);
}

// ---- open --------------------------------------------------------------------------------------

static int open_only(char **argv)
{
    struct os_map map;
    struct err e = {0};
    struct engine *en = open_engine(argv[0], 1, &map, &e);
    if (en == NULL)
        return fail(&e);
    struct session *s = session_new(en, atoi(argv[1]), &e);
    if (s == NULL)
        return fail(&e);
    struct buf line = {0};
    engine_describe(en, &line);
    printf("%s; session context %d\n", line.data, session_context(s));
    buf_free(&line);
    session_free(s);
    engine_close(en);
    os_unmap(&map);
    return 0;
}

// ---- rules -------------------------------------------------------------------------------------

static bool stop_at_zero(void *arg)
{
    return --*(int *)arg < 0;
}

static void check_refusals(struct session *s, int vocab)
{
    struct err full = {0}, unknown = {0}, negative = {0};
    token_id ids[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(eval(s, ids, 5, &full) && !eval(s, ids, 4, &full) && session_length(s) == 5);
    CHECK(strstr(full.text, "the context of 8 tokens is full (5 are in use, 4 more were given)"));
    CHECK(eval(s, ids, 0, &unknown));
    ids[1] = vocab;
    CHECK(!eval(s, ids, 2, &unknown) && err_is_set(&unknown) && session_length(s) == 5);
    ids[1] = -1;
    CHECK(!eval(s, ids, 2, &negative) && err_is_set(&negative) && session_length(s) == 5);
}

// Forgetting tokens and going on with others is like never having seen the first ones.
static void check_truncation(struct session *s, float *first, size_t row)
{
    struct err e = {0};
    token_id a[6] = {9, 8, 7, 6, 5, 4}, b[3] = {1, 2, 3};
    session_truncate(s, 0);
    CHECK(eval(s, a, 3, &e) && eval(s, b, 3, &e));
    memcpy(first, session_logits(s), row);
    session_truncate(s, 0);
    CHECK(eval(s, a, 6, &e));
    CHECK(memcmp(first, session_logits(s), row) != 0);
    session_truncate(s, 3);
    CHECK(eval(s, b, 3, &e) && session_length(s) == 6);
    CHECK(memcmp(first, session_logits(s), row) == 0);
}

// A stop leaves the session as it was, whenever it comes; going on gives the same logits.
static void check_stop(struct session *s, float *first, size_t row)
{
    struct err e = {0};
    token_id a[3] = {9, 8, 7}, b[3] = {1, 2, 3};
    session_truncate(s, 0);
    CHECK(eval(s, a, 3, &e));
    bool done = false;
    for (int polls = 0; !done; polls++) {
        int left = polls;
        done = session_eval(s, b, 3, NULL, NULL, stop_at_zero, &left, &e);
        CHECK(!err_is_set(&e) && session_length(s) == (done ? 6 : 3));
        CHECK(polls > 0 || !done);
    }
    CHECK(memcmp(first, session_logits(s), row) == 0);
}

struct runner {
    struct engine *en;
    float *logits;
    size_t row;
};

static void run_session(void *arg)
{
    struct runner *r = arg;
    struct err e = {0};
    token_id a[6] = {9, 8, 7, 1, 2, 3};
    for (int round = 0; round < 20; round++) {
        struct session *s = session_new(r->en, 8, &e);
        CHECK(s != NULL && eval(s, a, 4, &e) && eval(s, a + 4, 2, &e));
        memcpy(r->logits, session_logits(s), r->row);
        session_free(s);
    }
}

// Two sessions at once, on threads of their own.
static void check_two(struct engine *en, const float *first, size_t row)
{
    struct runner r[2] = {{en, xmalloc(row), row}, {en, xmalloc(row), row}};
    struct os_thread *t = os_thread_start(run_session, &r[0]);
    run_session(&r[1]);
    os_thread_join(t);
    CHECK(memcmp(first, r[0].logits, row) == 0 && memcmp(first, r[1].logits, row) == 0);
    free(r[0].logits);
    free(r[1].logits);
}

static int rules(char **argv)
{
    struct os_map map;
    struct err e = {0};
    struct engine *en = open_engine(argv[0], 2, &map, &e);
    struct session *s = en == NULL ? NULL : session_new(en, 8, &e);
    if (s == NULL)
        return fail(&e);
    CHECK(engine_threads(en) == 2 && session_context(s) == 8 && session_length(s) == 0);
    CHECK(engine_session_bytes(en, 16) > engine_session_bytes(en, 8));
    size_t row = (size_t)engine_vocabulary(en) * sizeof(float);
    float *first = xmalloc(row);
    check_refusals(s, engine_vocabulary(en));
    check_truncation(s, first, row);
    check_stop(s, first, row);
    check_two(en, first, row);
    free(first);
    session_free(s);
    engine_close(en);
    os_unmap(&map);
    printf("rules: all kept\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "logits") == 0)
        return logits(argv + 2);
    if (argc == 4 && strcmp(argv[1], "open") == 0)
        return open_only(argv + 2);
    if (argc == 3 && strcmp(argv[1], "rules") == 0)
        return rules(argv + 2);
    fprintf(stderr, "usage: see the head of check_engine.c\n");
    return 2;
}
