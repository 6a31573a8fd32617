// SPDX-License-Identifier: Apache-2.0
// From arguments to struct options. Every complaint is one line that names the option.
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

void options_defaults(struct options *o)
{
    *o = (struct options){
        .predict = -1,
        .bench_pp = 512,
        .bench_tg = 128,
        .sampling = sampler_defaults(),
    };
}

// What the user types goes before what `.args` says; among equals the last one wins.
static void name_mode(struct options *o, enum mode mode, bool packed)
{
    if (packed && o->mode != MODE_NONE && !o->mode_packed)
        return;
    o->mode = mode;
    o->mode_packed = packed;
}

// A prompt means --cli, unless a mode was named; and a prompt that is typed means more than a
// conversation that `.args` had in mind.
static void imply_mode(struct options *o)
{
    bool prompt = o->prompt || o->prompt_file;
    bool overruled = o->mode == MODE_CHAT && o->mode_packed && !o->prompt_packed;
    if (prompt && (o->mode == MODE_NONE || overruled))
        o->mode = MODE_CLI;
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

// The option that was probably meant: one that begins so, else the nearest within two edits.
static const char *nearest(const char *name, size_t len)
{
    const char *found = NULL;
    size_t best = 3;
    for (size_t i = 0; i < option_count; i++) {
        const char *candidate = option_table[i].name;
        if (!candidate)
            continue;
        if (len > 3 && strncmp(candidate, name, len) == 0)
            return candidate;
        size_t far = distance(name, len, candidate);
        if (far < best && far < len - 2) {
            found = candidate;
            best = far;
        }
    }
    return found;
}

static bool unknown(const char *name, size_t len, struct err *e)
{
    const char *meant = nearest(name, len);
    if (meant)
        return err_set(e, "unknown option %.*s; did you mean %s?", (int)len, name, meant);
    return err_set(e, "unknown option %.*s; --help lists them all", (int)len, name);
}

// ---- Values ---------------------------------------------------------------------------------

// Decimal digits and nothing else; too many count as the largest number. Not strtoll, whose answer
// to an overflow differs between C libraries.
static bool read_digits(const char *text, uint64_t *out)
{
    *out = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        *out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
    }
    return true;
}

static bool set_int(const struct option *row, const char *typed, const char *value, int *out,
                    struct err *e)
{
    uint64_t n;
    bool negative = value[0] == '-';
    if (!read_digits(value + negative, &n))
        return err_set(e, "option %s: '%s' is not a whole number", typed, value);
    double x = negative ? -(double)n : (double)n;
    if (x < row->min || x > row->max)
        return err_set(e, "option %s: %s is not within %.0f to %.0f", typed, value, row->min,
                       row->max);
    *out = (int)x;
    return true;
}

static bool set_float(const struct option *row, const char *typed, const char *value, float *out,
                      struct err *e)
{
    char *end;
    double x = strtod(value, &end);
    if (end == value || *end || x != x)
        return err_set(e, "option %s: '%s' is not a number", typed, value);
    if (x < row->min || x > row->max)
        return err_set(e, "option %s: %s is not within %g to %g", typed, value, row->min, row->max);
    *out = (float)x;
    return true;
}

static bool set_seed(struct options *o, const char *typed, const char *value, struct err *e)
{
    uint64_t n = 0;
    o->seed_given = strcmp(value, "-1") != 0;
    if (o->seed_given && !read_digits(value, &n))
        return err_set(e, "option %s: '%s' is neither a whole number nor -1", typed, value);
    o->sampling.seed = n;
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
        name_mode(o, row->mode, packed);
        return true;
    case OPT_TEXT:
        *(const char **)field = value;
        if (field == &o->model)
            o->model_packed = packed;
        if (field == &o->prompt || field == &o->prompt_file) {
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
        name_mode(o, row->mode, packed);
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
    for (int i = 1; i < args->argc; i++) {
        struct err why = {0};
        bool packed = args->packed[i];
        if (!parse_one(o, args, &i, &why))
            err_set(e, "%s%s", packed ? "in .args: " : "", why.text);
    }
    imply_mode(o);
    return !err_is_set(e) && check_combination(o, e);
}
