// SPDX-License-Identifier: Apache-2.0
// The tables of filters, and reading of their arguments. Private to chat/.
#ifndef CHAT_FILTERS_H
#define CHAT_FILTERS_H

#include "chat/jinja.h"

struct filter {
    const char *name;
    bool (*apply)(struct run *r, const struct value *v, const struct args *a, struct value *out);
};

extern const struct filter list_filters[]; // closed by a NULL name

// str() of an argument.
bool args_text(struct run *r, const struct args *a, size_t index, const char *name,
               const char *fallback, struct slice *out);
bool args_flag(const struct args *a, size_t index, const char *name);

#endif
