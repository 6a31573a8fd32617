// SPDX-License-Identifier: Apache-2.0
// Reads the metadata "ARCH.*". A key that would change the computation in a way this build lacks is
// an error, so that no model runs wrongly in silence.
#include "model/hparams.h"

#include <math.h>
#include <stdio.h>

#define REQUIRED (-1) // as a fallback

struct reading {
    const struct gguf *g;
    const char *arch;
    struct err *e;
};

struct key {
    char text[96];
};

static struct key key_of(const struct reading *r, const char *name)
{
    struct key key;
    snprintf(key.text, sizeof key.text, "%s.%s", r->arch, name);
    return key;
}

static int64_t read_int(struct reading *r, const char *name, int64_t fallback, int64_t min,
                        int64_t max)
{
    struct key key = key_of(r, name);
    if (fallback == REQUIRED && gguf_find(r->g, key.text) == NULL)
        err_set(r->e, "%s: metadata key %s is missing", gguf_label(r->g), key.text);
    int64_t v = gguf_int(r->g, key.text, fallback, r->e);
    if (v < min || v > max)
        err_set(r->e, "%s: metadata key %s is %lld, not from %lld to %lld", gguf_label(r->g),
                key.text, (long long)v, (long long)min, (long long)max);
    return v;
}

// A positive number.
static double read_float(struct reading *r, const char *name, double fallback, double max)
{
    struct key key = key_of(r, name);
    if (fallback == REQUIRED && gguf_find(r->g, key.text) == NULL)
        err_set(r->e, "%s: metadata key %s is missing", gguf_label(r->g), key.text);
    double v = gguf_float(r->g, key.text, fallback, r->e);
    if (!(v > 0 && v <= max)) // NaN as well
        err_set(r->e, "%s: metadata key %s is %g, not above 0 and up to %g", gguf_label(r->g),
                key.text, v, max);
    return v;
}

// ---- Parts -------------------------------------------------------------------------------------

static void read_heads(struct reading *r, struct hparams *h)
{
    h->heads = (int)read_int(r, "attention.head_count", REQUIRED, 1, HPARAMS_MAX_HEADS);
    h->kv_heads = (int)read_int(r, "attention.head_count_kv", h->heads, 1, HPARAMS_MAX_HEADS);
    if (err_is_set(r->e))
        return;
    if (h->heads % h->kv_heads != 0)
        err_set(r->e, "%s: %d query heads cannot share %d key/value heads evenly", gguf_label(r->g),
                h->heads, h->kv_heads);
    h->head = (int)read_int(r, "attention.key_length", h->embd / h->heads, 1, HPARAMS_MAX_HEAD);
    int values = (int)read_int(r, "attention.value_length", h->head, 1, HPARAMS_MAX_HEAD);
    if (values != h->head)
        err_set(r->e, "%s: keys of %d and values of %d per head are not supported",
                gguf_label(r->g), h->head, values);
    if (hparams_dim(h, DIM_Q) > HPARAMS_MAX_WIDTH)
        err_set(r->e, "%s: %d heads of %d are more than %d values", gguf_label(r->g), h->heads,
                h->head, HPARAMS_MAX_WIDTH);
    h->attn_scale = (float)read_float(r, "attention.scale", 1 / sqrt(h->head), 1e6);
    h->window = (int)read_int(r, "attention.sliding_window", 0, 0, HPARAMS_MAX_CONTEXT);
}

static void read_rope(struct reading *r, struct hparams *h)
{
    int rotated = (int)read_int(r, "rope.dimension_count", h->head, 2, h->head);
    if (rotated % 2 != 0)
        err_set(r->e, "%s: an odd number of values per head (%d) cannot be rotated",
                gguf_label(r->g), rotated);
    h->pairs = rotated / 2;
    h->rope_base = read_float(r, "rope.freq_base", 10000, 1e12);
    h->rope_factor = 1;
    struct slice scaling = gguf_str(r->g, key_of(r, "rope.scaling.type").text, "none", r->e);
    if (slice_is(scaling, "linear"))
        h->rope_factor = read_float(r, "rope.scaling.factor", 1, 1e6);
    else if (!slice_is(scaling, "none"))
        err_set(r->e, "%s: rope scaling \"%.*s\" is not supported", gguf_label(r->g),
                (int)scaling.len, scaling.data);
}

static void refuse_what_is_lacking(struct reading *r)
{
    if (read_int(r, "expert_count", 0, 0, 1 << 20) > 0)
        err_set(r->e, "%s: mixtures of experts are not supported", gguf_label(r->g));
    int64_t files = gguf_int(r->g, "split.count", 1, r->e);
    if (files > 1)
        err_set(r->e, "%s: one of %lld files that make up the model (merge them first)",
                gguf_label(r->g), (long long)files);
}

// The token table tells the size of the vocabulary; the metadata may repeat it.
static void read_vocab(struct reading *r, struct hparams *h)
{
    const struct gguf_tensor *table = gguf_find_tensor(r->g, "token_embd.weight");
    if (table == NULL || table->n_dims != 2 || table->dims[1] > HPARAMS_MAX_VOCAB)
        err_set(r->e, "%s: tensor token_embd.weight %s", gguf_label(r->g),
                table == NULL ? "is missing" : "is no table of tokens");
    else
        h->vocab = (int)table->dims[1];
}

// ---- All of it ---------------------------------------------------------------------------------

const struct arch *hparams_arch(const struct gguf *g, struct err *e)
{
    struct slice name = gguf_str(g, "general.architecture", "", e);
    const struct arch *arch = arch_find(name);
    if (arch != NULL || err_is_set(e))
        return arch;
    struct buf known = {0};
    arch_names(&known);
    if (name.len == 0)
        err_set(e, "%s: metadata key general.architecture is missing", gguf_label(g));
    else
        err_set(e, "%s: architecture \"%.*s\" is not supported (this build runs: %s)",
                gguf_label(g), name.len < 64 ? (int)name.len : 64, name.data, known.data);
    buf_free(&known);
    return NULL;
}

bool hparams_read(const struct gguf *g, const struct arch *arch, struct hparams *out, struct err *e)
{
    struct reading r = {g, arch->name, e};
    struct hparams h = {0};
    refuse_what_is_lacking(&r);
    read_vocab(&r, &h);
    h.layers = (int)read_int(&r, "block_count", REQUIRED, 1, HPARAMS_MAX_LAYERS);
    h.embd = (int)read_int(&r, "embedding_length", REQUIRED, 1, HPARAMS_MAX_WIDTH);
    h.ff = (int)read_int(&r, "feed_forward_length", REQUIRED, 1, HPARAMS_MAX_WIDTH);
    h.context = (int)read_int(&r, "context_length", REQUIRED, 1, HPARAMS_MAX_CONTEXT);
    h.eps = (float)read_float(&r, "attention.layer_norm_rms_epsilon", REQUIRED, 1);
    if (!err_is_set(e))
        read_heads(&r, &h);
    if (!err_is_set(e))
        read_rope(&r, &h);
    *out = h;
    return !err_is_set(e);
}

int64_t hparams_dim(const struct hparams *h, enum dim dim)
{
    switch (dim) {
    case DIM_EMBD:
        return h->embd;
    case DIM_VOCAB:
        return h->vocab;
    case DIM_Q:
        return (int64_t)h->heads * h->head;
    case DIM_KV:
        return (int64_t)h->kv_heads * h->head;
    case DIM_FF:
        return h->ff;
    case DIM_PAIRS:
        return h->pairs;
    default:
        return 1;
    }
}
