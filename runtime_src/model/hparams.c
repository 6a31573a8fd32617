// SPDX-License-Identifier: Apache-2.0
// Reads the metadata "ARCH.*". A key that would change the computation in a way this build lacks is
// an error, so that no model runs wrongly in silence; and since nobody knows what keys will be
// thought of, so is every key that neither the reading below asks for nor a list calls harmless.
#include "model/hparams.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define REQUIRED (-1) // as a fallback

struct reading {
    const struct gguf *g;
    const char *arch;
    struct err *e;
    const char *asked[32]; // the names given to key_of, some more than once
    size_t n_asked;
};

struct key {
    char text[96];
};

static struct key key_of(struct reading *r, const char *name)
{
    struct key key;
    assert(r->n_asked < sizeof r->asked / sizeof r->asked[0]);
    r->asked[r->n_asked++] = name;
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

// Positions are divided by it. Files that precede rope.scaling call it rope.scale_linear; 0 is how
// converters write that there is none.
static double read_rope_factor(struct reading *r)
{
    const char *names[] = {"rope.scaling.factor", "rope.scale_linear"};
    struct key keys[] = {key_of(r, names[0]), key_of(r, names[1])};
    int i = gguf_find(r->g, keys[0].text) != NULL ? 0 : 1;
    if (gguf_float(r->g, keys[i].text, 0, r->e) == 0)
        return 1;
    return read_float(r, names[i], 1, 1e6);
}

static void read_rope(struct reading *r, struct hparams *h)
{
    int rotated = (int)read_int(r, "rope.dimension_count", h->head, 2, h->head);
    if (rotated % 2 != 0)
        err_set(r->e, "%s: an odd number of values per head (%d) cannot be rotated",
                gguf_label(r->g), rotated);
    h->pairs = rotated / 2;
    h->rope_base = read_float(r, "rope.freq_base", 10000, 1e12);
    h->rope_factor = read_rope_factor(r);
    // A factor without a type is linear scaling, as in llama.cpp.
    struct slice scaling = gguf_str(r->g, key_of(r, "rope.scaling.type").text, "linear", r->e);
    if (slice_is(scaling, "none"))
        h->rope_factor = 1;
    else if (!slice_is(scaling, "linear"))
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

// ---- Keys that nothing here reads --------------------------------------------------------------

// With `neutral`, the one value (as show_value prints it) with which the key changes nothing; with
// NULL, the key changes nothing whatever its value. Names are those of the gguf specification and
// of llama.cpp's llama-arch.cpp.
static const struct harmless {
    const char *name, *neutral;
} harmless[] = {
    {"vocab_size", NULL},                           // the token table tells
    {"attention.layer_norm_epsilon", NULL},         // of a norm these models do not have
    {"rope.scaling.original_context_length", NULL}, // of YaRN, which is refused by its type,
    {"rope.scaling.yarn_beta_fast", NULL},          // like these
    {"rope.scaling.yarn_beta_slow", NULL},
    {"rope.scaling.finetuned", NULL}, // how the model was made
    {"tensor_data_layout", "Meta AI original pth"},
    {"attention.causal", "true"},
    {"attention.clamp_kqv", "0"},
    {"attention.max_alibi_bias", "0"},
    {"attention.output_scale", "1"},
    {"attention.shared_kv_layers", "0"},
    {"attention.temperature_length", "0"},
    {"attention.temperature_scale", "0"},
    {"attn_logit_softcapping", "0"},
    {"final_logit_softcapping", "0"},
    {"embedding_scale", "1"},
    {"logit_scale", "1"},
    {"residual_scale", "1"},
    {"rope.scaling.attn_factor", "1"},
    {"rope.scaling.yarn_attn_factor", "1"},
    {"rope.scaling.yarn_ext_factor", "0"},
    {"rope.scaling.yarn_log_multiplier", "0"},
    {"use_parallel_residual", "false"},
    {"pooling_type", "0"},
    {"nextn_predict_layers", "0"},
    {"expert_used_count", "0"},
    {"expert_shared_count", "0"},
    {"expert_group_count", "0"},
    {"expert_group_used_count", "0"},
    {"expert_feed_forward_length", "0"},
    {"expert_shared_feed_forward_length", "0"},
    {"expert_weights_norm", "false"},
};

static const struct harmless *find_harmless(struct slice name)
{
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (slice_is(name, harmless[i].name))
            return &harmless[i];
    return NULL;
}

static void show_value(const struct gguf_value *v, char *out, size_t size)
{
    switch (v->kind) {
    case GGUF_ARRAY:
        snprintf(out, size, "an array");
        break;
    case GGUF_STRING:
        snprintf(out, size, "%.*s", v->str.len < size ? (int)v->str.len : (int)size, v->str.data);
        break;
    case GGUF_BOOL:
        snprintf(out, size, "%s", v->u != 0 ? "true" : "false");
        break;
    case GGUF_F32:
    case GGUF_F64:
        snprintf(out, size, "%.9g", v->f);
        break;
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64:
        snprintf(out, size, "%lld", (long long)v->i);
        break;
    default:
        snprintf(out, size, "%llu", (unsigned long long)v->u);
    }
}

static bool was_asked(const struct reading *r, struct slice name)
{
    for (size_t i = 0; i < r->n_asked; i++)
        if (slice_is(name, r->asked[i]))
            return true;
    return false;
}

// `name` is the pair's key without the architecture.
static void refuse_unless_harmless(struct reading *r, const struct gguf_pair *pair,
                                   struct slice name)
{
    const struct harmless *known = find_harmless(name);
    if (was_asked(r, name) || (known != NULL && known->neutral == NULL))
        return;
    int len = pair->key.len < 80 ? (int)pair->key.len : 80;
    char value[48];
    show_value(&pair->value, value, sizeof value);
    if (known == NULL)
        err_set(r->e,
                "%s: metadata key %.*s is unknown to this build, which might compute another model "
                "than was meant (run it with a program that knows the key)",
                gguf_label(r->g), len, pair->key.data);
    else if (strcmp(value, known->neutral) != 0)
        err_set(r->e,
                "%s: metadata key %.*s is %s, and this build computes %s only (run the model with "
                "a program that supports it)",
                gguf_label(r->g), len, pair->key.data, value, known->neutral);
}

static void refuse_what_was_not_read(struct reading *r)
{
    size_t prefix = strlen(r->arch);
    for (size_t i = 0; i < gguf_pair_count(r->g); i++) {
        const struct gguf_pair *pair = gguf_pair_at(r->g, i);
        struct slice key = pair->key;
        if (key.len > prefix && memcmp(key.data, r->arch, prefix) == 0 && key.data[prefix] == '.')
            refuse_unless_harmless(r, pair,
                                   (struct slice){key.data + prefix + 1, key.len - prefix - 1});
    }
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
    struct reading r = {.g = g, .arch = arch->name, .e = e};
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
    if (!err_is_set(e))
        refuse_what_was_not_read(&r);
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
