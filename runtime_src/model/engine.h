// SPDX-License-Identifier: Apache-2.0
// The boundary to the model: an engine is a mapped model, immutable and shared; a session is one
// mutable timeline of tokens over it. Chat, command line and server see nothing below this header.
//
// An engine's sessions may be used by different threads at once, each session by one at a time.
// They take turns at the engine's threads, a batch of tokens each.
#ifndef MODEL_ENGINE_H
#define MODEL_ENGINE_H

#include "base/base.h"
#include "gguf/gguf.h"
#include "tokenizer/tokenizer.h"

struct engine_options {
    int threads; // 0 = all processors
    // CPU features not to use, comma-separated ("avx512,vnni"); NULL for none.
    const char *disable_cpu;
    // Called while weights are read ahead, 0..1; NULL to leave them to the first evaluation.
    void (*progress)(double fraction, void *arg);
    void *progress_arg;
};

struct engine;

// `data` is the mapped GGUF and must outlive the engine. NULL and *e on any defect of the file.
struct engine *engine_open(const void *data, uint64_t size, const char *label,
                           const struct engine_options *opt, struct err *e);
void engine_close(struct engine *en);

const struct tokenizer *engine_tokenizer(const struct engine *en);
const struct gguf *engine_gguf(const struct engine *en);
int engine_vocabulary(const struct engine *en);      // length of a row of logits
int engine_context_trained(const struct engine *en); // positions the model was trained on
int engine_threads(const struct engine *en);
const char *engine_isa(const struct engine *en);      // the kernel row in use, e.g. "avx2"
const char *engine_features(const struct engine *en); // CPU features found, space separated
// One line for people: "llama 1.1B Q8_0, 22 layers, 2048 wide, context 2048".
void engine_describe(const struct engine *en, struct buf *out);
// Bytes of private memory that a session with this context needs (KV cache and work buffers).
uint64_t engine_session_bytes(const struct engine *en, int context);

struct session;

// context 0 = what the model was trained on, but at most ENGINE_DEFAULT_CONTEXT. Refuses a context
// that does not fit into the memory available and says which would.
#define ENGINE_DEFAULT_CONTEXT 8192
struct session *session_new(struct engine *en, int context, struct err *e);
void session_free(struct session *s);
int session_context(const struct session *s);
int session_length(const struct session *s); // tokens evaluated so far
// Forgets the tokens from `length` on.
void session_truncate(struct session *s, int length);

// Evaluates n tokens. `each` (may be NULL) gets the logits of every position, in order; without it
// only the last position's are computed, to be read with session_logits. `stop` (may be NULL) is
// polled between layers and batches: true ends early with *e unset and false returned; the batches
// evaluated so far stay (session_length tells). False and *e set, and nothing evaluated, when the
// context has no room for n more or an id is not the model's.
typedef void session_each(int position, const float *logits, void *arg); // logits: (vocabulary)
bool session_eval(struct session *s, const token_id *ids, size_t n, session_each *each, void *arg,
                  bool (*stop)(void *), void *stop_arg, struct err *e);
const float *session_logits(const struct session *s); // (vocabulary), of the last evaluated token

#endif
