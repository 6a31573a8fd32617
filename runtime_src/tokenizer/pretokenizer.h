// SPDX-License-Identifier: Apache-2.0
// How byte-level BPE vocabularies cut a text into the words that merges stay inside, by the name
// in tokenizer.ggml.pre.
#ifndef TOKENIZER_PRETOKENIZER_H
#define TOKENIZER_PRETOKENIZER_H

#include "base/base.h"

struct pretokenizer;

// NULL and *e for a name we do not know: a wrong split would give wrong answers silently.
struct pretokenizer *pretokenizer_new(struct slice name, struct err *e);
void pretokenizer_free(struct pretokenizer *p);
// Whether a word that is itself in the vocabulary is taken whole, without merges.
bool pretokenizer_ignores_merges(const struct pretokenizer *p);
// Whether such models start with BOS when their metadata does not say.
bool pretokenizer_adds_bos(const struct pretokenizer *p);
// Calls word() for each word, in order; the words cover the text. Broken UTF-8 counts as U+FFFD.
void pretokenizer_split(const struct pretokenizer *p, struct slice text,
                        void (*word)(void *context, struct slice text), void *context);

#endif
