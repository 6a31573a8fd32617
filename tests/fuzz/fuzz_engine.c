// SPDX-License-Identifier: Apache-2.0
// Opens arbitrary bytes as a model and, when they pass, evaluates a few tokens: whatever numbers
// the metadata hold, tensors must be read within their bounds.
#undef NDEBUG // release builds drop assert, a test must not
#include <assert.h>
#include <string.h>

#include "model/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONTEXT 8

static void evaluate(struct engine *en)
{
    struct err e = {0};
    struct session *s = session_new(en, CONTEXT, &e);
    assert((s != NULL) != err_is_set(&e));
    if (s == NULL)
        return;
    token_id ids[3] = {0, engine_vocabulary(en) - 1, engine_vocabulary(en) / 2};
    bool ok = session_eval(s, ids, 2, NULL, NULL, NULL, NULL, &e) &&
              session_eval(s, ids + 2, 1, NULL, NULL, NULL, NULL, &e);
    assert(ok && session_length(s) == 3);
    session_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct engine_options options = {.threads = 1};
    void *copy = base_alloc_aligned(64, size);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    struct engine *en = engine_open(copy, size, "fuzz", &options, &e);
    assert((en != NULL) != err_is_set(&e));
    if (en != NULL)
        evaluate(en);
    engine_close(en);
    base_free_aligned(copy);
    return 0;
}
