// SPDX-License-Identifier: Apache-2.0
// check_out N: copies standard input to standard output through struct out, N bytes at a time.
#include <stdio.h>
#include <stdlib.h>

#include "cli/out.h"

int main(int argc, char **argv)
{
    char bytes[64];
    size_t step = argc > 1 ? (size_t)atoi(argv[1]) : 1, n;
    struct out out;
    struct err e = {0};
    out_init(&out);
    while ((n = fread(bytes, 1, step < sizeof bytes ? step : sizeof bytes, stdin)) > 0)
        out_write(&out, bytes, n);
    out_finish(&out);
    out_free(&out);
    return out_flush(&out, &e) ? 0 : 1;
}
