// SPDX-License-Identifier: Apache-2.0
// Text to token ids and back: SPM (score-driven BPE with byte fallback) and byte-level BPE with its
// pre-tokenizers, chosen by the GGUF's tokenizer.* metadata. Immutable after creation, so any
// thread may use it.
#ifndef TOKENIZER_TOKENIZER_H
#define TOKENIZER_TOKENIZER_H

#include "base/base.h"
#include "gguf/gguf.h"

typedef int32_t token_id;

struct tokens { // growing array; zero-initialise
    token_id *ids;
    size_t len, cap;
};
void tokens_push(struct tokens *t, token_id id);
void tokens_free(struct tokens *t);

struct tokenizer;

// The GGUF must outlive the tokenizer, which keeps slices of it. NULL and *e on metadata that
// cannot be right.
struct tokenizer *tokenizer_new(const struct gguf *g, struct err *e);
void tokenizer_free(struct tokenizer *t);

int tokenizer_size(const struct tokenizer *t);
token_id tokenizer_bos(const struct tokenizer *t); // -1 when the model has none; likewise below
token_id tokenizer_eos(const struct tokenizer *t);
token_id tokenizer_eot(const struct tokenizer *t);
bool tokenizer_adds_bos(const struct tokenizer *t);
// End of generation: eos, eot and every other token that ends a turn (by metadata, else by
// well-known name).
bool tokenizer_is_end(const struct tokenizer *t, token_id id);
bool tokenizer_is_control(const struct tokenizer *t, token_id id);

#define TOKENIZE_SPECIAL 1 // add BOS/EOS as the model asks
#define TOKENIZE_PARSE                                                                             \
    2 // text may contain special tokens' own text ("<|im_end|>"); else it is plain text

// Appends the tokens of a text. User-defined tokens (runs of spaces, tags a model was trained with)
// count always, control tokens only with TOKENIZE_PARSE. Each invalid part of UTF-8 counts as
// U+FFFD; never fails. A text made by chat_render already holds the BOS its template asks for:
// encode it with TOKENIZE_PARSE only.
void tokenizer_encode(const struct tokenizer *t, struct slice text, int flags, struct tokens *out);
// Appends the bytes of one token; control tokens only when `special`. Bytes may be part of a UTF-8
// character.
void tokenizer_decode(const struct tokenizer *t, token_id id, bool special, struct buf *out);
// The token's own text as stored in the vocabulary (for listings).
struct slice tokenizer_text(const struct tokenizer *t, token_id id);
// Whether decoding strips one leading space at the start of a text (SPM's add_space_prefix).
bool tokenizer_strips_leading_space(const struct tokenizer *t);

#endif
