// SPDX-License-Identifier: Apache-2.0
// What the program does, from its arguments on: merge `.args`, parse, choose a mode, run it.
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/build.h"
#include "cli/app.h"
#include "kernels/cpu.h"
#include "kernels/kernels.h"
#include "platform/platform.h"

#define ARGS_LIMIT (1u << 20) // bytes of .args

const char *cli_name(const struct self *self)
{
    return self_base_name(self->argv0);
}

// The command line alone when `.args` cannot be read: some options work all the same.
static bool merge(const struct self *self, int argc, char **argv, struct args *out, struct err *e)
{
    struct buf text = {0};
    const struct zip_entry *member = self->zip ? zip_find(self->zip, ".args") : NULL;
    bool ok = !member || zip_read(self->zip, member, ARGS_LIMIT, &text, e);
    ok = ok && args_merge((struct slice){text.data, text.len}, argc, argv, os_env, out, e);
    buf_free(&text);
    struct err none = {0};
    return ok || (args_merge((struct slice){NULL, 0}, argc, argv, os_env, out, &none) && false);
}

static void print_args(const struct args *args)
{
    for (int i = 1; i < args->argc; i++) {
        struct buf word = {0};
        buf_shell_quoted(&word, args->argv[i]);
        printf("%-40s # %s\n", word.data, args->packed[i] ? ".args" : "command line");
        buf_free(&word);
    }
}

static void print_version(void)
{
    struct kernels k;
    kern_init(&k, cpu_detect());
    printf("llamafile %s (packllama) build %.16s %s %s\n", build_version(),
           *build_id() ? build_id() : "unknown", build_target(), k.isa);
}

static void print_help(const char *name)
{
    struct buf text = {0};
    options_help(&text, name, os_terminal_width(1));
    fwrite(text.data, 1, text.len, stdout);
    buf_free(&text);
}

// Without a word about it: a conversation for a person, one answer for a pipe.
static enum mode default_mode(void)
{
    return os_is_terminal(0) ? MODE_CHAT : MODE_CLI;
}

static int run_mode(struct app *a, struct err *e)
{
    switch (a->o.mode == MODE_NONE ? default_mode() : a->o.mode) {
    case MODE_CHAT:
        return run_chat(a, e);
    case MODE_TOKENIZE:
        return run_tokenize(a, e);
    case MODE_BENCH:
        return run_bench(a, e);
    case MODE_LOGITS:
        return run_logits(a, e);
    default:
        return run_once(a, e);
    }
}

// --help, --version, --print-args: they explain a command line that is wrong, so they come before
// complaints about it.
static int explain(const struct app *a, const struct args *args, struct err *e)
{
    if (a->o.help)
        print_help(a->name);
    else if (a->o.version)
        print_version();
    else
        print_args(args);
    return out_flush(NULL, e) ? STATUS_OK : STATUS_FAILED;
}

int cli_run(const struct self *self, int argc, char **argv, struct err *e)
{
    struct args args = {0};
    struct app a = {.self = self, .name = cli_name(self)};
    struct err damaged = {0}, wrong = {0};
    int status = STATUS_OK;
    bool merged = merge(self, argc, argv, &args, &damaged);
    options_defaults(&a.o);
    bool ok = options_parse(&a.o, &args, &wrong);
    if (a.o.help || a.o.version || a.o.print_args) {
        status = explain(&a, &args, e);
        // What is printed here lacks the arguments of `.args`.
        if (!merged && !a.o.help && !a.o.version)
            status = err_set(e, "%s", damaged.text) ? STATUS_OK : STATUS_FAILED;
    } else if (!merged) {
        *e = damaged;
        status = STATUS_FAILED;
    } else if (!ok) {
        *e = wrong;
        status = STATUS_USAGE;
    } else {
        status = run_mode(&a, e);
    }
    app_free(&a);
    args_free(&args);
    return status;
}
