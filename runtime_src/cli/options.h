// SPDX-License-Identifier: Apache-2.0
// The command line: one table (options_table.c) from which it is parsed, checked and explained.
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/base.h"
#include "pack/pack.h"
#include "sampling/sampler.h"

enum mode { MODE_NONE, MODE_CHAT, MODE_CLI, MODE_TOKENIZE, MODE_BENCH, MODE_LOGITS };

struct options {
    enum mode mode;
    bool mode_packed; // it came from `.args`

    const char *model;
    bool model_packed; // it came from `.args`
    const char *prompt, *prompt_file;
    bool prompt_packed; // likewise
    bool escape, raw, hide_prompt;
    const char *system, *template_text, *template_file;

    int predict; // -1 = until the model ends
    int context; // 0 = the model's own
    int threads; // 0 = all processors
    const char *disable_cpu;
    struct sampler_options sampling;
    bool seed_given;

    int bench_pp, bench_tg;
    bool json;
    const char *logits_file, *tokens;

    bool verbose, help, version, print_args;
};

enum option_kind {
    OPT_FLAG,  // bool becomes true
    OPT_MODE,  // value is the mode
    OPT_TEXT,  // const char *
    OPT_INT,   // int within [min, max]
    OPT_FLOAT, // float within [min, max]
    OPT_SEED,  // whole number into sampling.seed, -1 = random
    OPT_LOGITS // a mode with a file name
};

struct option {
    const char *group; // set on the first row of a group
    const char *name, *alias;
    const char *arg; // what the help calls its value, NULL when it takes none
    enum option_kind kind;
    size_t at; // offset in struct options
    double min, max;
    const char *text; // for the help; "%" is replaced by the default value
    enum mode mode;
};

extern const struct option option_table[];
extern const size_t option_count;

void options_defaults(struct options *o);
// Reads all arguments and stores the first complaint in *e, but reads on after it, so that --help
// and --print-args work whatever else is wrong. The texts in *o are those of `args`.
bool options_parse(struct options *o, const struct args *args, struct err *e);
// The manual, wrapped at `width` columns.
void options_help(struct buf *out, const char *program, int width);

#endif
