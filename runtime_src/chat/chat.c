// SPDX-License-Identifier: Apache-2.0
// Chat templates: parsed once, rendered with a conversation.
#include "chat/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/jinja.h"

struct chat_template {
    struct arena arena;
    struct nodes body;
    const struct tokenizer *tokenizer; // for bos_token and eos_token; may be NULL
};

struct chat_template *chat_template_from_text(struct slice text, const struct tokenizer *tok,
                                              struct err *e)
{
    struct chat_template *t = xcalloc(1, sizeof *t);
    struct buf repaired = {0};
    text = utf8_repair(text, &repaired);
    t->tokenizer = tok;
    bool ok = jinja_parse(&t->arena, text, &t->body, e);
    buf_free(&repaired);
    if (ok)
        return t;
    chat_template_free(t);
    return NULL;
}

bool chat_template_new(const struct gguf *g, const struct tokenizer *tok,
                       struct chat_template **out, struct err *e)
{
    struct slice text = gguf_str(g, "tokenizer.chat_template", "", e);
    *out = NULL;
    if (err_is_set(e))
        return false;
    if (!text.len)
        return true;
    *out = chat_template_from_text(text, tok, e);
    return *out;
}

void chat_template_free(struct chat_template *t)
{
    if (!t)
        return;
    arena_free(&t->arena);
    free(t);
}

// Text from outside, made valid UTF-8.
static struct value text_value(struct arena *a, struct slice text)
{
    struct buf repaired = {0};
    struct slice s = utf8_repair(text, &repaired);
    if (repaired.data)
        s = arena_copy(a, s.data, s.len);
    buf_free(&repaired);
    return value_string(s);
}

static struct value message_list(struct arena *a, const struct chat_message *messages, size_t n)
{
    struct value all = value_list(a);
    for (size_t i = 0; i < n; i++) {
        struct value one = value_dict(a);
        dict_set(a, one.dict, value_text("role"), text_value(a, slice_of(messages[i].role)));
        dict_set(a, one.dict, value_text("content"), text_value(a, slice_of(messages[i].content)));
        list_push(a, all.list, one);
    }
    return all;
}

// bos_token and eos_token, where the model has them.
static void set_special(struct arena *a, struct dict *d, const struct tokenizer *t)
{
    const struct {
        const char *name;
        token_id id;
    } tokens[] = {{"bos_token", tokenizer_bos(t)}, {"eos_token", tokenizer_eos(t)}};
    for (size_t i = 0; i < 2; i++) {
        if (tokens[i].id >= 0)
            dict_set(a, d, value_text(tokens[i].name),
                     text_value(a, tokenizer_text(t, tokens[i].id)));
    }
}

bool chat_render_values(const struct chat_template *t, struct arena *arena,
                        const struct dict *variables, struct buf *out, struct err *e)
{
    struct scope globals = {0}, context = {.parent = &globals};
    struct buf text = {0};
    struct run r = {.arena = arena, .scope = &context, .out = &text, .e = e, .line = 1};
    functions_define(&r, &globals);
    if (t->tokenizer)
        set_special(arena, &context.vars, t->tokenizer);
    for (size_t i = 0; i < variables->count; i++)
        dict_set(arena, &context.vars, variables->pairs[i].key, variables->pairs[i].value);
    bool ok = run_statements(&r, &t->body);
    if (ok)
        buf_append(out, text.data, text.len);
    buf_free(&text);
    return ok;
}

bool chat_render(const struct chat_template *t, const struct chat_message *messages, size_t n,
                 bool add_generation_prompt, struct buf *out, struct err *e)
{
    struct arena arena = {0};
    struct dict variables = {0};
    dict_set(&arena, &variables, value_text("messages"), message_list(&arena, messages, n));
    dict_set(&arena, &variables, value_text("tools"), value_none());
    dict_set(&arena, &variables, value_text("documents"), value_none());
    dict_set(&arena, &variables, value_text("add_generation_prompt"),
             value_bool(add_generation_prompt));
    bool ok = chat_render_values(t, &arena, &variables, out, e);
    arena_free(&arena);
    return ok;
}
