// SPDX-License-Identifier: Apache-2.0
// From arguments to struct options. Every complaint is one line that names the option.
#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// What the user types counts more than what `.args` says, and a mode by name counts more than the
// mode that a prompt implies. Among equals the last one wins.
enum { RANK_IMPLIED_PACKED = 1, RANK_PACKED, RANK_IMPLIED, RANK_NAMED };

void options_defaults(struct options *o)
{
    *o = (struct options){
        .predict = -1,
        .bench_pp = 512,
        .bench_tg = 128,
        .sampling = sampler_defaults(),
    };
}

static void choose_mode(struct options *o, enum mode mode, bool named, bool packed)
{
    int rank =
        named ? (packed ? RANK_PACKED : RANK_NAMED) : (packed ? RANK_IMPLIED_PACKED : RANK_IMPLIED);
    if (rank < o->mode_rank)
        return;
    o->mode = mode;
    o->mode_rank = rank;
}

// ---- Names ----------------------------------------------------------------------------------

static const struct option *find(const char *name, size_t len)
{
    struct slice word = {name, len};
    for (size_t i = 0; i < option_count; i++) {
        const struct option *row = &option_table[i];
        if (row->name && (slice_is(word, row->name) || (row->alias && slice_is(word, row->alias))))
            return row;
    }
    return NULL;
}

// Edits (insert, delete, replace, swap of neighbours counts two) from a to b.
static size_t distance(const char *a, size_t a_len, const char *b)
{
    size_t b_len = strlen(b), row[64];
    if (a_len >= 60 || b_len >= 60)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_len];
}

static bool unknown(const char *name, size_t len, struct err *e)
{
    const char *nearest = NULL;
    size_t best = 3; // further away is no hint
    for (size_t i = 0; i < option_count; i++) {
        const char *candidate = option_table[i].name;
        size_t far = candidate ? distance(name, len, candidate) : SIZE_MAX;
        bool abbreviated = candidate && len > 3 && strncmp(candidate, name, len) == 0;
        if (far < best || (abbreviated && !nearest)) {
            nearest = candidate;
            best = far < best ? far : best;
        }
    }
    if (nearest)
        return err_set(e, "unknown option %.*s; did you mean %s?", (int)len, name, nearest);
    return err_set(e, "unknown option %.*s; --help lists them all", (int)len, name);
}

// ---- Values ---------------------------------------------------------------------------------

static bool set_int(const struct option *row, const char *typed, const char *value, int *out,
                    struct err *e)
{
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (end == value || *end)
        return err_set(e, "option %s: '%s' is not a whole number", typed, value);
    if (errno || n < (long long)row->min || n > (long long)row->max)
        return err_set(e, "option %s: %s is not within %.0f to %.0f", typed, value, row->min,
                       row->max);
    *out = (int)n;
    return true;
}

static bool set_float(const struct option *row, const char *typed, const char *value, float *out,
                      struct err *e)
{
    char *end;
    double x = strtod(value, &end);
    if (end == value || *end || !isfinite(x))
        return err_set(e, "option %s: '%s' is not a number", typed, value);
    if (x < row->min || x > row->max)
        return err_set(e, "option %s: %s is not within %g to %g", typed, value, row->min, row->max);
    *out = (float)x;
    return true;
}

static bool set_seed(struct options *o, const char *typed, const char *value, struct err *e)
{
    char *end;
    errno = 0;
    bool random = !strcmp(value, "-1");
    unsigned long long n = strtoull(value, &end, 10);
    if (!random && (end == value || *end || errno || value[0] == '-'))
        return err_set(e, "option %s: '%s' is neither a whole number nor -1", typed, value);
    o->seed_given = !random;
    o->sampling.seed = random ? 0 : n;
    return true;
}

static bool set(struct options *o, const struct option *row, const char *typed, const char *value,
                bool packed, struct err *e)
{
    void *field = (char *)o + row->at;
    switch (row->kind) {
    case OPT_FLAG:
        *(bool *)field = true;
        return true;
    case OPT_MODE:
        choose_mode(o, row->mode, true, packed);
        return true;
    case OPT_TEXT:
        *(const char **)field = value;
        if (field == &o->model)
            o->model_packed = packed;
        if (field == &o->prompt || field == &o->prompt_file) {
            choose_mode(o, MODE_CLI, false, packed);
            o->prompt_packed = packed;
            // One prompt: the last one given.
            *(field == &o->prompt ? &o->prompt_file : &o->prompt) = NULL;
        }
        return true;
    case OPT_INT:
        return set_int(row, typed, value, field, e);
    case OPT_FLOAT:
        return set_float(row, typed, value, field, e);
    case OPT_SEED:
        return set_seed(o, typed, value, e);
    case OPT_LOGITS:
        *(const char **)field = value;
        choose_mode(o, row->mode, true, packed);
        return true;
    }
    return true;
}

// ---- The command line -----------------------------------------------------------------------

// Reads the argument at args->argv[*i] and its value, and moves *i to the last one used.
static bool parse_one(struct options *o, const struct args *args, int *i, struct err *e)
{
    const char *word = args->argv[*i];
    bool packed = args->packed[*i];
    if (word[0] != '-' || !word[1]) {
        // A file that was named alone, or dropped onto the program's icon.
        if (o->model && !o->model_packed)
            return err_set(e, "unexpected argument '%s'; a text goes after -p", word);
        o->model = word;
        o->model_packed = packed;
        return true;
    }
    const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct option *row = find(word, len);
    if (!row)
        return unknown(word, len, e);
    if (!row->arg && equals)
        return err_set(e, "option %s takes no value", row->name);
    const char *value = equals ? equals + 1 : NULL;
    if (row->arg && !value) {
        if (*i + 1 >= args->argc)
            return err_set(e, "option %.*s needs a value: %s", (int)len, word, row->arg);
        value = args->argv[++*i];
    }
    char *typed = xstrndup(word, len);
    bool ok = set(o, row, typed, value, packed, e);
    free(typed);
    return ok;
}

static bool check_combination(const struct options *o, struct err *e)
{
    bool prompt = o->prompt || o->prompt_file;
    if (o->mode == MODE_CHAT && prompt && !o->prompt_packed)
        return err_set(e, "--chat takes no prompt; --system sets the scene, --cli answers one");
    if (o->tokens && o->mode != MODE_LOGITS)
        return err_set(e, "--tokens goes with --logits only");
    if (o->tokens && prompt)
        return err_set(e, "--tokens and a prompt exclude each other");
    if (o->template_text && o->template_file)
        return err_set(e, "--chat-template and --chat-template-file exclude each other");
    if (o->mode == MODE_BENCH && !o->bench_pp && !o->bench_tg)
        return err_set(e, "--pp 0 and --tg 0 leave nothing to measure");
    return true;
}

bool options_parse(struct options *o, const struct args *args, struct err *e)
{
    for (int i = 1; i < args->argc; i++)
        parse_one(o, args, &i, e);
    return !err_is_set(e) && check_combination(o, e);
}
