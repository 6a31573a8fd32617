// SPDX-License-Identifier: Apache-2.0
// --tokenize: the ids of a text, as a list that JSON and Python read.
#include <stdio.h>

#include "cli/app.h"

int run_tokenize(struct app *a, struct err *e)
{
    struct buf text = {0};
    struct tokens ids = {0};
    bool given;
    if (!prompt_text(a, &text, &given, e) || !app_load(a, e)) {
        buf_free(&text);
        return STATUS_FAILED;
    }
    tokenizer_encode(engine_tokenizer(a->engine), (struct slice){text.data, text.len},
                     TOKENIZE_SPECIAL | TOKENIZE_PARSE, &ids);
    putchar('[');
    for (size_t i = 0; i < ids.len; i++)
        printf("%s%d", i ? ", " : "", (int)ids.ids[i]);
    fputs("]\n", stdout);
    tokens_free(&ids);
    buf_free(&text);
    return out_flush(NULL, e) ? STATUS_OK : STATUS_FAILED;
}
