// SPDX-License-Identifier: Apache-2.0
// What pytest asks of the template interpreter, many renderings per process:
//
//     check_chat values         stdin: cases of a template (u32 length and bytes) and a dict of
//                               variables in the form below
//     check_chat messages       stdin: cases of a template, u32 add_generation_prompt, u32 count,
//                               and that many roles and contents (each u32 length and bytes)
//     check_chat model FILE     the same without templates: a GGUF's own, with its tokenizer
//
// stdout: per case u32 ok, and u32 length and bytes of the text (or of the error).
// A value: 'n', 't', 'f', 'i' and 8 bytes, 'd' and 8 bytes, 's' and u32 length and bytes, 'l' and
// u32 count and values, 'o' and u32 count and keys and values.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/chat.h"
#include "chat/jinja.h"

static char *read_all(FILE *f, size_t *size)
{
    struct buf b = {0};
    char block[65536];
    size_t n;
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        buf_append(&b, block, n);
    *size = b.len;
    return b.data ? b.data : xcalloc(1, 1);
}

static struct slice read_slice(struct cursor *in)
{
    uint32_t len = cursor_u32(in);
    const char *data = cursor_bytes(in, len);
    return (struct slice){data ? data : "", data ? len : 0};
}

// A copy of its own, closed by NUL.
static char *read_text(struct cursor *in)
{
    struct slice s = read_slice(in);
    return xstrndup(s.data, s.len);
}

static struct value read_value(struct arena *a, struct cursor *in)
{
    uint64_t bits;
    double f;
    struct value v = value_none();
    char kind = (char)cursor_u8(in);
    if (kind == 't' || kind == 'f') {
        v = value_bool(kind == 't');
    } else if (kind == 'i') {
        v = value_int((int64_t)cursor_u64(in));
    } else if (kind == 'd') {
        bits = cursor_u64(in);
        memcpy(&f, &bits, sizeof f);
        v = value_float(f);
    } else if (kind == 's') {
        struct slice s = read_slice(in);
        v = value_string(arena_copy(a, s.data, s.len));
    } else if (kind == 'l') {
        v = value_list(a);
        for (uint32_t n = cursor_u32(in); n > 0; n--)
            list_push(a, v.list, read_value(a, in));
    } else if (kind == 'o') {
        v = value_dict(a);
        for (uint32_t n = cursor_u32(in); n > 0; n--) {
            struct value key = read_value(a, in);
            dict_set(a, v.dict, key, read_value(a, in));
        }
    }
    return v;
}

static void write_u32(size_t value)
{
    unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                              (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    fwrite(bytes, 1, sizeof bytes, stdout);
}

static void answer(bool ok, const struct buf *out, const struct err *e)
{
    struct slice text = ok ? (struct slice){out->len ? out->data : "", out->len}
                           : slice_of(e->text);
    write_u32(ok);
    write_u32(text.len);
    fwrite(text.data, 1, text.len, stdout);
}

static struct chat_template *read_template(struct cursor *in, struct err *e)
{
    char *text = read_text(in);
    struct chat_template *t = chat_template_from_text(slice_of(text), NULL, e);
    free(text);
    return t;
}

static void value_case(struct cursor *in)
{
    struct err e = {0};
    struct buf out = {0};
    struct arena arena = {0};
    struct chat_template *t = read_template(in, &e);
    struct value variables = read_value(&arena, in);
    bool ok = t && chat_render_values(t, &arena, variables.dict, &out, &e);
    answer(ok, &out, &e);
    buf_free(&out);
    arena_free(&arena);
    chat_template_free(t);
}

static void message_case(const struct chat_template *t, struct err e, struct cursor *in)
{
    struct buf out = {0};
    bool prompt = cursor_u32(in);
    uint32_t n = cursor_u32(in);
    struct chat_message *messages = xcalloc(n + (size_t)1, sizeof *messages);
    for (uint32_t i = 0; i < n; i++) {
        messages[i].role = read_text(in);
        messages[i].content = read_text(in);
    }
    bool ok = t && chat_render(t, messages, n, prompt, &out, &e);
    answer(ok, &out, &e);
    for (uint32_t i = 0; i < n; i++) {
        free(messages[i].role);
        free(messages[i].content);
    }
    free(messages);
    buf_free(&out);
}

static int model_cases(const char *file, struct cursor *in)
{
    size_t size;
    struct err e = {0};
    FILE *f = fopen(file, "rb");
    if (!f)
        return 2;
    char *data = read_all(f, &size);
    fclose(f);
    struct gguf *g = gguf_open(data, size, "FILE", &e);
    struct tokenizer *tok = g ? tokenizer_new(g, &e) : NULL;
    struct chat_template *t = NULL;
    bool ok = tok && chat_template_new(g, tok, &t, &e);
    if (!ok || !t)
        printf("%s\n", ok ? "none" : e.text);
    while (t && cursor_has(in, 8))
        message_case(t, (struct err){0}, in);
    chat_template_free(t);
    tokenizer_free(tok);
    if (g)
        gguf_close(g);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    size_t size;
    char *input = read_all(stdin, &size);
    struct cursor in = cursor_of(input, size);
    int status = 0;
    if (argc == 3 && !strcmp(argv[1], "model")) {
        status = model_cases(argv[2], &in);
    } else if (argc == 2) {
        bool values = !strcmp(argv[1], "values");
        while (cursor_has(&in, 4)) {
            if (values) {
                value_case(&in);
                continue;
            }
            struct err e = {0};
            struct chat_template *t = read_template(&in, &e);
            message_case(t, e, &in);
            chat_template_free(t);
        }
    } else {
        status = 2;
    }
    free(input);
    return status;
}
