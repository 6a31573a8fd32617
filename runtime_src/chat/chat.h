// SPDX-License-Identifier: Apache-2.0
// Conversations to prompt text: the model's own chat template (a Jinja template in the GGUF)
// applied to messages.
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include "base/base.h"
#include "gguf/gguf.h"
#include "tokenizer/tokenizer.h"

struct chat_message {
    char *role; // "system", "user", "assistant"
    char *content;
};

// Immutable after creation, so any thread may render with it. The tokenizer must outlive it.
struct chat_template;

// From the GGUF's tokenizer.chat_template; *out NULL when it has none (a base model: raw
// completion).
bool chat_template_new(const struct gguf *g, const struct tokenizer *tok,
                       struct chat_template **out, struct err *e);
// From a text the user gives (--chat-template).
struct chat_template *chat_template_from_text(struct slice text, const struct tokenizer *tok,
                                              struct err *e);
void chat_template_free(struct chat_template *t);
// Appends exactly what Python's Jinja2, configured as transformers does, would give. The text holds
// BOS where the template writes it: encode it with TOKENIZE_PARSE, without TOKENIZE_SPECIAL. A
// template that refuses the conversation (or breaks a limit) gives false and one line in *e.
bool chat_render(const struct chat_template *t, const struct chat_message *messages, size_t n,
                 bool add_generation_prompt, struct buf *out, struct err *e);

#endif
