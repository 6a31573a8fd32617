// SPDX-License-Identifier: Apache-2.0
// What the modes share, within this room: the loaded model, prompts and the loop that generates.
#ifndef CLI_APP_H
#define CLI_APP_H

#include "chat/chat.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/out.h"
#include "model/engine.h"

struct app {
    const struct self *self;
    const char *name; // of the program, for messages
    struct options o;
    struct blob blob;
    struct engine *engine;
    struct chat_template *template; // NULL: continue the text as it stands
};

// ---- load.c ---------------------------------------------------------------------------------

// Maps the weights and opens the engine; a progress bar on a terminal.
bool app_load(struct app *a, struct err *e);
// Takes the chat template: the user's, else the model's, none with --raw.
bool app_load_template(struct app *a, struct err *e);
void app_free(struct app *a);

// ---- prompt.c -------------------------------------------------------------------------------

#define PROMPT_LIMIT (256u << 20) // bytes of a prompt; far above any context

// The text of -p, -f or standard input, escapes resolved. *given tells whether there was any.
bool prompt_text(const struct app *a, struct buf *out, bool *given, struct err *e);
// The token ids of --tokens.
bool prompt_tokens(const struct app *a, struct tokens *out, struct err *e);
// Messages to tokens: through the template, or one after the other as they stand.
bool prompt_encode(const struct app *a, const struct chat_message *messages, size_t n,
                   struct tokens *out, struct err *e);

// ---- generate.c -----------------------------------------------------------------------------

enum stop { STOP_END, STOP_LIMIT, STOP_CONTEXT, STOP_INTERRUPT, STOP_ERROR };

// "note: ..." on standard error when the context is larger than what the model was trained on.
void app_note_context(const struct app *a, const struct session *s);

struct timeline { // a session and the tokens it has evaluated
    struct session *session;
    struct sampler *sampler;
    struct tokens past;
    uint64_t read_ns, write_ns; // of the last generation
    size_t n_read, n_written;
};

bool timeline_new(struct app *a, int context, struct timeline *t, struct err *e);
void timeline_free(struct timeline *t);
void timeline_clear(struct timeline *t);
// Evaluates `prompt`, of which the session may hold a prefix already, and generates the answer.
enum stop timeline_answer(struct app *a, struct timeline *t, const struct tokens *prompt,
                          struct out *out, struct err *e);
// "note: ..." on standard error for endings that need a word.
void timeline_explain(const struct app *a, const struct timeline *t, enum stop why);
// One line on standard error: tokens and tokens per second.
void timeline_print_speed(const struct timeline *t);

// ---- The modes, one file each ---------------------------------------------------------------

int run_once(struct app *a, struct err *e);
int run_chat(struct app *a, struct err *e);
int run_tokenize(struct app *a, struct err *e);
int run_bench(struct app *a, struct err *e);
int run_logits(struct app *a, struct err *e);

#endif
