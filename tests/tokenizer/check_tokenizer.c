// SPDX-License-Identifier: Apache-2.0
// What pytest asks of the tokenizer, many texts per process:
//
//     check_tokenizer encode FLAGS FILE   stdin: texts, each as u32 length and bytes;
//                                         stdout: per text a u32 count and that many i32 ids
//     check_tokenizer decode FLAGS FILE   stdin: per text a u32 count and i32 ids;
//                                         stdout: per text u32 length and bytes (FLAGS 1: special)
//     check_tokenizer about 0 FILE        prints what the tokenizer says about itself
//
// FLAGS are those of tokenizer_encode. A file that is refused gives "error: TEXT" and status 1.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"
#include "tokenizer/tokenizer.h"

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

static void write_u32(size_t value)
{
    unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                              (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    fwrite(bytes, 1, sizeof bytes, stdout);
}

static void encode(const struct tokenizer *t, int flags, struct cursor *in)
{
    while (cursor_has(in, 4)) {
        uint32_t len = cursor_u32(in);
        // A copy of its own, so that AddressSanitizer sees a read past the end.
        char *text = xmalloc(len + 1);
        const void *bytes = cursor_bytes(in, len);
        if (!bytes)
            exit(2);
        memcpy(text, bytes, len);
        text = xrealloc(text, len ? len : 1);
        struct tokens out = {0};
        tokenizer_encode(t, (struct slice){text, len}, flags, &out);
        write_u32(out.len);
        for (size_t i = 0; i < out.len; i++)
            write_u32((uint32_t)out.ids[i]);
        tokens_free(&out);
        free(text);
    }
}

static void decode(const struct tokenizer *t, int flags, struct cursor *in)
{
    while (cursor_has(in, 4)) {
        uint32_t count = cursor_u32(in);
        struct buf out = {0};
        for (uint32_t i = 0; i < count; i++)
            tokenizer_decode(t, (token_id)cursor_u32(in), flags & 1, &out);
        write_u32(out.len);
        fwrite(out.len ? out.data : "", 1, out.len, stdout);
        buf_free(&out);
    }
}

static void about(const struct tokenizer *t)
{
    printf("size %d bos %d eos %d eot %d adds_bos %d strips %d\n", tokenizer_size(t),
           tokenizer_bos(t), tokenizer_eos(t), tokenizer_eot(t), tokenizer_adds_bos(t),
           tokenizer_strips_leading_space(t));
    for (token_id id = 0; id < tokenizer_size(t); id++) {
        struct slice text = tokenizer_text(t, id);
        if (tokenizer_is_end(t, id))
            printf("end %.*s\n", (int)text.len, text.data);
        if (tokenizer_is_control(t, id))
            printf("control %.*s\n", (int)text.len, text.data);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    FILE *f = fopen(argv[3], "rb");
    if (!f)
        return 2;
    size_t size, input_size;
    char *data = read_all(f, &size);
    fclose(f);
    struct err e = {0};
    struct gguf *g = gguf_open(data, size, "FILE", &e);
    struct tokenizer *t = g ? tokenizer_new(g, &e) : NULL;
    if (!t) {
        printf("error: %s\n", e.text);
    } else if (!strcmp(argv[1], "about")) {
        about(t);
    } else {
        char *input = read_all(stdin, &input_size);
        struct cursor in = cursor_of(input, input_size);
        if (!strcmp(argv[1], "encode"))
            encode(t, atoi(argv[2]), &in);
        else
            decode(t, atoi(argv[2]), &in);
        free(input);
    }
    tokenizer_free(t);
    if (g)
        gguf_close(g);
    free(data);
    return t ? 0 : 1;
}
