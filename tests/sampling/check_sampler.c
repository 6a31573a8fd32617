// SPDX-License-Identifier: Apache-2.0
// What pytest asks of the sampler:
//
//     check_sampler table                     the cases below; prints "N passed"
//     check_sampler filter OPTIONS            stdin: u32 n, i32 counts[n], f32 logits[n], repeated;
//                                             per case one line "id:logit ..." of what is left
//     check_sampler draw OPTIONS COUNT        stdin: one case; COUNT ids, none of them accepted
//     check_sampler weights                   stdin: f64 values; e^value of each, as %a
//
// OPTIONS is TEMPERATURE,TOP_K,TOP_P,MIN_P,PENALTY,LAST_N,SEED.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sampling/pick.h"

#define MAX_TOKENS 200000

static int failures, cases;

static void check(bool ok, const char *what)
{
    cases++;
    if (!ok) {
        failures++;
        printf("failed: %s\n", what);
    }
}

// ---- Cases with the coin in hand ---------------------------------------------------------------

static void fill(struct candidate *c, const float *logits, int n)
{
    pick_gather(logits, n, c);
}

static void check_draw(void)
{
    // Probabilities 1/2, 1/4, 1/4 at temperature 1.
    float logits[] = {0.6931472f, 0, 0};
    struct candidate c[3];
    fill(c, logits, 3);
    check(pick_draw(c, 3, 1, 0) == 0, "the lowest coin takes the first");
    check(pick_draw(c, 3, 1, 0.4999) == 0, "just below one half");
    check(pick_draw(c, 3, 1, 0.5001) == 1, "just above one half");
    check(pick_draw(c, 3, 1, 0.7499) == 1, "just below three quarters");
    check(pick_draw(c, 3, 1, 0.7501) == 2, "just above three quarters");
    check(pick_draw(c, 3, 1, 0x1.fffffffffffffp-1) == 2, "the highest coin takes the last");
    check(pick_draw(c, 3, 0.001f, 0.9999) == 0, "cold: always the first");
}

static void check_odd_values(void)
{
    float nan[] = {NAN, -1, NAN}, none[] = {-INFINITY, -INFINITY}, inf[] = {1, INFINITY, 3};
    float zero[] = {1, -INFINITY, 1};
    struct candidate c[3];
    fill(c, nan, 3);
    check(pick_greedy(c, 3) == 1, "NaN never wins");
    fill(c, none, 2);
    check(pick_greedy(c, 2) == 0, "nothing possible: the first");
    check(pick_draw(c, 2, 1, 0.1) == 0, "nothing possible, drawn");
    fill(c, inf, 3);
    check(pick_draw(c, 3, 1, 0.9) == 1, "an infinite logit always wins");
    fill(c, zero, 3);
    check(pick_draw(c, 3, 1, 0.6) == 2, "probability zero is never drawn");
}

static void check_filters(void)
{
    float logits[] = {1, 3, 2, 3, -5};
    struct candidate c[5];
    fill(c, logits, 5);
    check(pick_greedy(c, 5) == 1, "ties go to the lower id");
    check(pick_top_k(c, 5, 3) == 3 && c[0].id == 1 && c[1].id == 3 && c[2].id == 2, "top 3");
    fill(c, logits, 5);
    check(pick_top_k(c, 5, 9) == 5 && c[4].id == 4, "more than there are");
    fill(c, logits, 5);
    check(pick_top_p(c, 5, 0) == 1 && c[0].id == 1, "top-p 0 keeps one");
    fill(c, logits, 5);
    check(pick_top_p(c, 5, 0.45f) == 2 && c[0].id == 1 && c[1].id == 3, "top-p takes whole ones");
    fill(c, logits, 5);
    check(pick_min_p(c, 5, 1) == 2 && c[0].id == 1 && c[1].id == 3, "min-p 1 keeps the ties");
    fill(c, logits, 5);
    check(pick_min_p(c, 5, 2) == 1 && c[0].id == 1, "min-p above 1 keeps one");
}

static void check_penalty(void)
{
    float logits[] = {2, -2, 0, 2};
    int32_t counts[] = {1, 3, 1, 0};
    struct candidate c[4];
    fill(c, logits, 4);
    pick_penalize(c, 4, counts, 2);
    check(c[0].logit == 1 && c[1].logit == -4 && c[2].logit == 0 && c[3].logit == 2, "penalty");
}

// A window of two: the third token back no longer counts.
static void check_window(void)
{
    struct sampler_options o = sampler_defaults();
    o.temperature = 0;
    o.repeat_penalty = 4;
    o.repeat_last_n = 2;
    float logits[] = {4, 3, 2};
    struct sampler *s = sampler_new(&o, 3);
    check(sampler_pick(s, logits) == 0, "nothing accepted");
    sampler_accept(s, 0);
    check(sampler_pick(s, logits) == 1, "the first is penalized");
    sampler_accept(s, 1);
    check(sampler_pick(s, logits) == 2, "the first two are penalized");
    sampler_accept(s, 2);
    check(sampler_pick(s, logits) == 0, "the first is out of the window");
    sampler_accept(s, 99);
    sampler_accept(s, -1);
    sampler_reset(s);
    check(sampler_pick(s, logits) == 0, "reset forgets");
    sampler_free(s);
}

// A new answer begins with an empty window, and with another choice.
static void check_reset(void)
{
    struct sampler_options o = sampler_defaults();
    o.seed = 42;
    float logits[64] = {0};
    struct sampler *s = sampler_new(&o, 64), *t = sampler_new(&o, 64);
    bool again = true, same = true;
    int first[8];
    for (int i = 0; i < 8; i++)
        first[i] = sampler_pick(s, logits);
    sampler_reset(s);
    for (int i = 0; i < 16; i++) {
        int id = sampler_pick(t, logits);
        int other = i < 8 ? first[i] : sampler_pick(s, logits);
        same = same && id == other;
        again = again && (i < 8 || other == first[i - 8]);
    }
    check(!again, "reset does not repeat the choices");
    check(same, "a seed gives one sequence, across resets");
    sampler_free(s);
    sampler_free(t);
}

static void check_coin(void)
{
    // The published first outputs of SplitMix64 for seed 1234567, as fractions of 2^64.
    uint64_t state = 1234567;
    check(pick_coin(&state) == (double)(6457827717110365317u >> 11) * 0x1p-53, "first coin");
    check(pick_coin(&state) == (double)(3203168211198807973u >> 11) * 0x1p-53, "second coin");
}

// ---- Cases from pytest -------------------------------------------------------------------------

static struct sampler_options parse_options(const char *text)
{
    struct sampler_options o;
    if (sscanf(text, "%f,%d,%f,%f,%f,%d,%" SCNu64, &o.temperature, &o.top_k, &o.top_p, &o.min_p,
               &o.repeat_penalty, &o.repeat_last_n, &o.seed) != 7)
        exit(2);
    return o;
}

static bool read_case(uint32_t *n, int32_t **counts, float **logits)
{
    if (fread(n, sizeof *n, 1, stdin) != 1 || *n > MAX_TOKENS)
        return false;
    *counts = xmalloc(*n * sizeof **counts);
    *logits = xmalloc(*n * sizeof **logits);
    return fread(*counts, sizeof **counts, *n, stdin) == *n
           && fread(*logits, sizeof **logits, *n, stdin) == *n;
}

static void filter_cases(struct sampler_options o)
{
    uint32_t n;
    int32_t *counts;
    float *logits;
    while (read_case(&n, &counts, &logits)) {
        struct candidate *c = xmalloc(n * sizeof *c);
        pick_gather(logits, (int)n, c);
        pick_penalize(c, (int)n, counts, o.repeat_penalty);
        int left = pick_filter(&o, c, (int)n);
        for (int i = 0; i < left; i++)
            printf("%d:%a%c", c[i].id, (double)c[i].logit, i + 1 < left ? ' ' : '\n');
        free(c);
        free(counts);
        free(logits);
    }
}

static void draw_case(struct sampler_options o, int count)
{
    uint32_t n;
    int32_t *counts;
    float *logits;
    if (!read_case(&n, &counts, &logits))
        exit(2);
    struct sampler *s = sampler_new(&o, (int)n);
    for (int i = 0; i < count; i++)
        printf("%d\n", sampler_pick(s, logits));
    sampler_free(s);
    free(counts);
    free(logits);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "table")) {
        check_draw();
        check_odd_values();
        check_filters();
        check_penalty();
        check_window();
        check_reset();
        check_coin();
        printf("%d of %d passed\n", cases - failures, cases);
        return failures ? 1 : 0;
    }
    if (argc == 2 && !strcmp(argv[1], "weights")) {
        for (double x; fread(&x, sizeof x, 1, stdin) == 1;)
            printf("%a\n", pick_weight(x, 0));
        return 0;
    }
    if (argc == 3 && !strcmp(argv[1], "filter"))
        filter_cases(parse_options(argv[2]));
    else if (argc == 4 && !strcmp(argv[1], "draw"))
        draw_case(parse_options(argv[2]), atoi(argv[3]));
    else
        return 2;
    return 0;
}
