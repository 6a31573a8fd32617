// SPDX-License-Identifier: Apache-2.0
// The tables of filters, and reading of their arguments. Private to chat/.
#ifndef CHAT_FILTERS_H
#define CHAT_FILTERS_H

#include "chat/jinja.h"

struct filter {
    const char *name;
    bool (*apply)(struct run *r, const struct value *v, const struct call_args *a,
                  struct value *out);
};

extern const struct filter list_filters[]; // closed by a NULL name

// str() of an argument.
bool call_text(struct run *r, const struct call_args *a, size_t index, const char *name,
               const char *fallback, struct slice *out);
bool call_flag(const struct call_args *a, size_t index, const char *name);

#endif
