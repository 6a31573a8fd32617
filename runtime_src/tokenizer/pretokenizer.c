// SPDX-License-Identifier: Apache-2.0
// One row per way of splitting; the patterns are those of the models' own tokenizer.json files.
// The patterns of a row work in sequence: each cuts the pieces that the one before left, and both
// what it matches and what lies between the matches are pieces for the next.
// Not in the table: falcon, deepseek-llm, bloom, viking, chameleon.
#include "tokenizer/pretokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "tokenizer/pattern.h"

#define MAX_PATTERNS 5

enum { IGNORE_MERGES = 1, ADD_BOS = 2 };

struct row {
    const char *names; // values of tokenizer.ggml.pre, each followed by a space
    int flags;
    const char *patterns[MAX_PATTERNS]; // NULL after the last
};

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define SPACES "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
// The GPT-4 form, by how many digits go together.
#define GPT4(digits)                                                                               \
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits "| "                                     \
                                                          "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" SPACES
// The GPT-4o form: words split where lower case turns to upper.
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define GPT4O(suffix, digits)                                                                      \
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" suffix "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER  \
    "*" suffix "|" digits "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES

static const struct row rows[] = {
    {"gpt-2 phi-2 mpt olmo jais jina-es jina-de jina-v2-es jina-v2-de jina-v2-code roberta-bpe ",
     0,
     {GPT2}},
    {"smollm starcoder refact command-r codeshell exaone minerva-7b ", 0, {"\\p{N}", GPT2}},
    {"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 ",
     IGNORE_MERGES | ADD_BOS,
     {GPT4("\\p{N}{1,3}")}},
    {"dbrx smaug-bpe chatglm-bpe glm4 ", 0, {GPT4("\\p{N}{1,3}")}},
    {"qwen2 stablelm2 deepseek-r1-qwen ", 0, {GPT4("\\p{N}")}},
    {"tekken ", IGNORE_MERGES | ADD_BOS, {GPT4O("", "\\p{N}")}},
    {"gpt-4o llama4 ", 0, {GPT4O(CONTRACTIONS "?", "\\p{N}{1,3}")}},
    {"deepseek-coder ",
     0,
     {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
      "\\p{N}"}},
    {"deepseek-v3 hunyuan-dense ",
     0,
     {"\\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
      "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|" SPACES}},
    // What files without the key were made for.
    {"default ", 0, {"[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"}},
};

struct pretokenizer {
    const struct row *row;
    struct pattern *patterns[MAX_PATTERNS];
    int count;
};

static bool row_has(const struct row *row, struct slice name)
{
    for (const char *at = row->names; *at; at += strcspn(at, " ") + 1) {
        if (slice_eq((struct slice){at, strcspn(at, " ")}, name))
            return true;
    }
    return false;
}

struct pretokenizer *pretokenizer_new(struct slice name, struct err *e)
{
    const struct row *row = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !row; i++)
        row = row_has(&rows[i], name) ? &rows[i] : NULL;
    if (!row) {
        err_set(e, "tokenizer.ggml.pre is '%.*s', a pre-tokenizer this program does not know",
                (int)(name.len < 64 ? name.len : 64), name.data);
        return NULL;
    }
    struct pretokenizer *p = xcalloc(1, sizeof *p);
    p->row = row;
    while (p->count < MAX_PATTERNS && row->patterns[p->count]) {
        p->patterns[p->count] = pattern_new(row->patterns[p->count], e);
        if (!p->patterns[p->count++]) {
            pretokenizer_free(p);
            return NULL;
        }
    }
    return p;
}

void pretokenizer_free(struct pretokenizer *p)
{
    for (int i = 0; p && i < p->count; i++)
        pattern_free(p->patterns[i]);
    free(p);
}

bool pretokenizer_ignores_merges(const struct pretokenizer *p)
{
    return p->row->flags & IGNORE_MERGES;
}

bool pretokenizer_adds_bos(const struct pretokenizer *p)
{
    return p->row->flags & ADD_BOS;
}

// Cuts one piece by pattern `level` and the ones after it.
static void split(const struct pretokenizer *p, int level, struct slice piece,
                  void (*word)(void *context, struct slice text), void *context)
{
    if (!piece.len)
        return;
    if (level == p->count) {
        word(context, piece);
        return;
    }
    size_t done = 0, start, end;
    while (pattern_find(p->patterns[level], piece, done, &start, &end)) {
        split(p, level + 1, (struct slice){piece.data + done, start - done}, word, context);
        split(p, level + 1, (struct slice){piece.data + start, end - start}, word, context);
        done = end;
    }
    split(p, level + 1, (struct slice){piece.data + done, piece.len - done}, word, context);
}

void pretokenizer_split(const struct pretokenizer *p, struct slice text,
                        void (*word)(void *context, struct slice text), void *context)
{
    split(p, 0, text, word, context);
}
