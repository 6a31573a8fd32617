// SPDX-License-Identifier: Apache-2.0
// Opening a model: its metadata, its tensors, its tokenizer, the kernels for this processor, the
// threads.
#include "model/engine.h"

#include <stdlib.h>

#include "kernels/cpu.h"
#include "model/forward.h"
#include "model/state.h"

// What UBSan and some processors insist on for 32-bit and 64-bit reads; page-aligned members exceed
// it.
#define DATA_ALIGNMENT 32

// ---- Opening -----------------------------------------------------------------------------------

static bool open_kernels(struct engine *en, const struct engine_options *opt, struct err *e)
{
    uint32_t features = cpu_detect();
    cpu_describe(features, &en->features);
    if (opt->disable_cpu != NULL && !cpu_disable(&features, opt->disable_cpu, e))
        return false;
    kern_init(&en->model.k, features);
    return true;
}

// The types of all tensors have kernels: gguf_open has refused others.
static bool open_model(struct engine *en, struct err *e)
{
    struct model *m = &en->model;
    m->arch = hparams_arch(en->gguf, e);
    if (m->arch == NULL || !hparams_read(en->gguf, m->arch, &m->h, e) ||
        !weights_find(en->gguf, m->arch, &m->h, &m->w, e))
        return false;
    forward_prepare(m);
    return true;
}

static bool open_tokenizer(struct engine *en, struct err *e)
{
    en->tokenizer = tokenizer_new(en->gguf, e);
    if (en->tokenizer == NULL)
        return false;
    int tokens = tokenizer_size(en->tokenizer);
    return tokens <= en->model.h.vocab ||
           err_set(e, "%s: the tokenizer has %d tokens, the model knows %d", gguf_label(en->gguf),
                   tokens, en->model.h.vocab);
}

// Reads one byte of every page, so that the first prompt need not wait for the disk. Not done for a
// model that memory cannot hold: its pages would push out one another.
static void prefetch(const unsigned char *data, uint64_t size, const struct engine_options *opt)
{
    uint64_t available = os_memory_available(), page = os_page_size(), step = size / 100 + page;
    if (available != 0 && size > available)
        return;
    volatile unsigned char sink = 0;
    for (uint64_t at = 0; at < size;) {
        uint64_t end = size - at < step ? size : at + step;
        for (; at < end; at += page)
            sink = (unsigned char)(sink + data[at]);
        opt->progress((double)end / (double)size, opt->progress_arg);
    }
}

struct engine *engine_open(const void *data, uint64_t size, const char *label,
                           const struct engine_options *opt, struct err *e)
{
    struct engine *en = xcalloc(1, sizeof *en);
    bool ok =
        (uintptr_t)data % DATA_ALIGNMENT == 0 ||
        err_set(e, "%s: the model does not begin at a multiple of %d bytes", label, DATA_ALIGNMENT);
    ok = ok && (en->gguf = gguf_open(data, size, label, e)) != NULL;
    ok = ok && open_kernels(en, opt, e) && open_model(en, e) && open_tokenizer(en, e);
    if (!ok) {
        engine_close(en);
        return NULL;
    }
    en->pool = pool_new(opt->threads > 0 ? opt->threads : os_cpu_count());
    en->turn = os_mutex_new();
    if (opt->progress != NULL)
        prefetch(data, size, opt);
    return en;
}

void engine_close(struct engine *en)
{
    if (en == NULL)
        return;
    if (en->pool != NULL)
        pool_free(en->pool);
    if (en->turn != NULL)
        os_mutex_free(en->turn);
    if (en->tokenizer != NULL)
        tokenizer_free(en->tokenizer);
    free(en->model.rope_turns);
    weights_free(&en->model.w);
    gguf_close(en->gguf);
    buf_free(&en->features);
    free(en);
}

// ---- Facts -------------------------------------------------------------------------------------

const struct tokenizer *engine_tokenizer(const struct engine *en)
{
    return en->tokenizer;
}

const struct gguf *engine_gguf(const struct engine *en)
{
    return en->gguf;
}

int engine_vocabulary(const struct engine *en)
{
    return en->model.h.vocab;
}

int engine_context_trained(const struct engine *en)
{
    return en->model.h.context;
}

int engine_threads(const struct engine *en)
{
    return pool_threads(en->pool);
}

const char *engine_isa(const struct engine *en)
{
    return en->model.k.isa;
}

const char *engine_features(const struct engine *en)
{
    return en->features.data == NULL ? "" : en->features.data;
}

// The type that holds most of the bytes, and the number of weights in all.
static const char *main_type(const struct gguf *g, double *weights)
{
    uint64_t bytes[KERN_TYPES] = {0};
    int most = 0;
    *weights = 0;
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        const struct tensor_type_info *info = tensor_type_info(t->type);
        *weights += (double)t->size / (double)info->block_size * info->block_weights;
        bytes[t->type] += t->size;
        if (bytes[t->type] > bytes[most])
            most = (int)t->type;
    }
    return tensor_type_info((uint32_t)most)->name;
}

void engine_describe(const struct engine *en, struct buf *out)
{
    double n;
    const char *type = main_type(en->gguf, &n);
    const struct hparams *h = &en->model.h;
    double unit = n >= 1e9 ? 1e9 : n >= 1e6 ? 1e6 : 1e3;
    buf_printf(out, "%s %.*f%c %s, %d layers, %d wide, context %d", en->model.arch->name,
               n / unit < 100 ? 1 : 0, n / unit,
               n >= 1e9   ? 'B'
               : n >= 1e6 ? 'M'
                          : 'K',
               type, h->layers, h->embd, h->context);
}
