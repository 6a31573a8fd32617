// SPDX-License-Identifier: Apache-2.0
// An opened GGUF as this room sees it: gguf.c fills it, lookup.c answers questions about it.
#ifndef GGUF_FILE_H
#define GGUF_FILE_H

#include "gguf/gguf.h"
#include "gguf/index.h"

struct gguf {
    char *label;
    struct gguf_pair *pairs;
    size_t n_pairs;
    struct gguf_tensor *tensors;
    size_t n_tensors;
    struct name_index by_key;    // over pairs
    struct name_index by_tensor; // over tensors
};

#endif
