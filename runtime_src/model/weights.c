// SPDX-License-Identifier: Apache-2.0
// Walks the rules of an architecture over the tensors of a file. Both sides must match: a tensor
// that a rule requires must be there, and a tensor that no rule knows would be left out of the
// computation, so it is refused.
#include "model/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

struct search {
    const struct gguf *g;
    const struct arch *arch;
    const struct hparams *h;
    bool *used; // by position in the file
    struct err *e;
};

static bool check_shape(struct search *s, const char *name, const struct tensor_rule *rule,
                        const struct gguf_tensor *t)
{
    int64_t columns = hparams_dim(s->h, rule->columns), rows = hparams_dim(s->h, rule->rows);
    if (t->dims[0] == columns && t->dims[1] == rows && t->dims[2] == 1 && t->dims[3] == 1)
        return true;
    return err_set(s->e, "%s: tensor %s is %lld x %lld, the metadata ask for %lld x %lld",
                   gguf_label(s->g), name, (long long)t->dims[0], (long long)t->dims[1],
                   (long long)columns, (long long)rows);
}

static bool store_vector(struct search *s, const char *name, const struct gguf_tensor *t,
                         const float **slot)
{
    if (t->type != TYPE_F32)
        return err_set(s->e, "%s: tensor %s has type %s, norms and biases must be F32",
                       gguf_label(s->g), name, tensor_type_name(t->type));
    *slot = t->data;
    return true;
}

// Leaves the bias alone, which has a rule of its own.
static void store_matrix(const struct gguf_tensor *t, struct matrix *slot)
{
    slot->data = t->data;
    slot->type = t->type;
    slot->columns = t->dims[0];
    slot->rows = t->dims[1];
    slot->stride = kern_row_size(t->type, t->dims[0]);
}

static bool find_one(struct search *s, const struct tensor_rule *rule, int layer, void *base)
{
    char name[64];
    const char *percent = strstr(rule->name, "%d");
    if (percent == NULL)
        snprintf(name, sizeof name, "%s", rule->name);
    else
        snprintf(name, sizeof name, "%.*s%d%s", (int)(percent - rule->name), rule->name, layer,
                 percent + 2);
    const struct gguf_tensor *t = gguf_find_tensor(s->g, name);
    if (t == NULL && rule->optional)
        return true;
    if (t == NULL)
        return err_set(s->e, "%s: tensor %s is missing", gguf_label(s->g), name);
    if (!check_shape(s, name, rule, t))
        return false;
    s->used[t - gguf_tensor_at(s->g, 0)] = true;
    void *slot = (char *)base + rule->slot;
    if (rule->rows == DIM_ONE)
        return store_vector(s, name, t, slot);
    store_matrix(t, slot);
    return true;
}

static bool find_all(struct search *s, struct weights *w)
{
    for (const struct tensor_rule *rule = s->arch->tensors; rule->name != NULL; rule++) {
        bool per_layer = strstr(rule->name, "%d") != NULL;
        for (int i = 0; i < (per_layer ? s->h->layers : 1); i++)
            if (!find_one(s, rule, i, per_layer ? (void *)&w->layers[i] : w))
                return false;
    }
    for (size_t i = 0; i < gguf_tensor_count(s->g); i++) {
        struct slice name = gguf_tensor_at(s->g, i)->name;
        if (!s->used[i])
            return err_set(s->e, "%s: tensor %.*s has no place in architecture %s of this build",
                           gguf_label(s->g), name.len < 80 ? (int)name.len : 80, name.data,
                           s->arch->name);
    }
    return true;
}

bool weights_find(const struct gguf *g, const struct arch *arch, const struct hparams *h,
                  struct weights *out, struct err *e)
{
    struct search s = {g, arch, h, xcalloc(gguf_tensor_count(g) + 1, sizeof(bool)), e};
    memset(out, 0, sizeof *out);
    out->layers = xcalloc((size_t)h->layers, sizeof *out->layers);
    bool ok = find_all(&s, out);
    if (ok && out->output.data == NULL)
        out->output = out->token_embd; // tied
    free(s.used);
    return ok;
}

void weights_free(struct weights *w)
{
    free(w->layers);
}
