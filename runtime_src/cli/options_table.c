// SPDX-License-Identifier: Apache-2.0
// Every option there is. A row here is all that a new one needs, besides its field.
#include <limits.h>

#include "cli/options.h"

#define AT(field) offsetof(struct options, field)
#define MODE(long_name, help_text, which)                                                          \
    {NULL, long_name, NULL, NULL, OPT_MODE, 0, 0, 0, help_text, which}
#define FLAG(long_name, short_name, field, help_text)                                              \
    {NULL, long_name, short_name, NULL, OPT_FLAG, AT(field), 0, 0, help_text, MODE_NONE}
#define TEXT(long_name, short_name, arg_name, field, help_text)                                    \
    {NULL, long_name, short_name, arg_name, OPT_TEXT, AT(field), 0, 0, help_text, MODE_NONE}
#define INT(long_name, short_name, field, least, most, help_text)                                  \
    {NULL, long_name, short_name, "N", OPT_INT, AT(field), least, most, help_text, MODE_NONE}
#define FLOAT(long_name, field, least, most, help_text)                                            \
    {NULL, long_name, NULL, "X", OPT_FLOAT, AT(field), least, most, help_text, MODE_NONE}
#define GROUP(title) {title, NULL, NULL, NULL, OPT_FLAG, 0, 0, 0, NULL, MODE_NONE}

// Large enough for any model, small enough that nothing overflows when it is multiplied.
#define MAX_TOKENS 16777216

const struct option option_table[] = {
    GROUP("What to do"),
    MODE("--chat",
         "Talk with the model: the default on a terminal. From a pipe, each line is a turn.",
         MODE_CHAT),
    MODE("--cli",
         "Answer one prompt and end: the default with -p or -f, or when a prompt is piped "
         "in.",
         MODE_CLI),
    MODE("--tokenize", "Print the token ids of the prompt as a list: [1, 2, 3].", MODE_TOKENIZE),
    MODE("--bench", "Measure tokens per second, reading (pp) and writing (tg).", MODE_BENCH),
    {NULL, "--logits", NULL, "FILE", OPT_LOGITS, AT(logits_file), 0, 0,
     "Write the logits of every position of the prompt or of --tokens as .npy: float32, positions "
     "x vocabulary.",
     MODE_LOGITS},
    FLAG("--version", NULL, version, "Print version, build, system and instruction set."),
    FLAG("--help", "-h", help, "Print this."),
    FLAG("--print-args", NULL, print_args,
         "Print the arguments in effect, one per line, and "
         "where each comes from."),

    GROUP("Model"),
    TEXT("--model", "-m", "FILE", model,
         "The weights: a GGUF file, a llamafile, a member of this file, or ZIP@MEMBER. Without it, "
         "the only .gguf in this file."),
    INT("--ctx-size", "-c", context, 0, INT_MAX,
        "Tokens of context; 0 is what the model was trained on, 8192 at most (%)."),
    INT("--threads", "-t", threads, 0, 1024, "Threads; 0 is one per processor (%)."),
    TEXT("--disable-cpu", NULL, "LIST", disable_cpu,
         "Do without processor features, for instance avx512,fma."),

    GROUP("Prompt"),
    TEXT("--prompt", "-p", "TEXT", prompt, "The prompt."),
    TEXT("--file", "-f", "FILE", prompt_file, "Read the prompt from a file; - is standard input."),
    FLAG("--escape", "-e", escape,
         "Read \\n, \\t, \\\\, \\\", \\' and \\xHH in the prompt as in C."),
    TEXT("--system", "-sys", "TEXT", system, "The system message of a chat model."),
    FLAG("--raw", NULL, raw,
         "Continue the prompt as it stands, without the model's chat template."),
    TEXT("--chat-template", NULL, "TEXT", template_text,
         "Use this Jinja template instead of the model's own."),
    TEXT("--chat-template-file", NULL, "FILE", template_file, "The same from a file."),
    FLAG("--no-display-prompt", NULL, hide_prompt,
         "Do not repeat the prompt on a terminal. It never goes to a pipe."),

    GROUP("Generation"),
    INT("--predict", "-n", predict, -1, MAX_TOKENS,
        "Tokens to generate at most; -1 is until the model ends (%)."),
    {NULL, "--seed", "-s", "N", OPT_SEED, 0, 0, 0,
     "Seed of the random choices; -1 is a new one each time (-1).", MODE_NONE},
    FLOAT("--temp", sampling.temperature, 0, 100,
          "Temperature; 0 always takes the likeliest token (%)."),
    INT("--top-k", NULL, sampling.top_k, 0, MAX_TOKENS,
        "Keep the K likeliest tokens; 0 is all (%)."),
    FLOAT("--top-p", sampling.top_p, 0, 1,
          "Keep the likeliest tokens that sum up to P; 1 is all (%)."),
    FLOAT("--min-p", sampling.min_p, 0, 1,
          "Drop tokens less likely than P times the likeliest; 0 is off (%)."),
    FLOAT("--repeat-penalty", sampling.repeat_penalty, 0.01, 100,
          "Make tokens that occurred less likely; 1 is off (%)."),
    INT("--repeat-last-n", NULL, sampling.repeat_last_n, -1, MAX_TOKENS,
        "How many tokens the penalty looks back; -1 is all (%)."),

    GROUP("Measuring and testing"),
    INT("--pp", NULL, bench_pp, 0, MAX_TOKENS, "With --bench: tokens to read; 0 skips it (%)."),
    INT("--tg", NULL, bench_tg, 0, MAX_TOKENS, "With --bench: tokens to write; 0 skips it (%)."),
    FLAG("--json", NULL, json, "With --bench: print one JSON object."),
    TEXT("--tokens", NULL, "1,2,3", tokens, "With --logits: token ids instead of a prompt."),
    FLAG("--verbose", NULL, verbose, "Tell on standard error what is loaded and how fast it runs."),
};

const size_t option_count = sizeof option_table / sizeof *option_table;
