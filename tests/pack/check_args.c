// SPDX-License-Identifier: Apache-2.0
// check_args FILE [ARGUMENT...]: merges the text of FILE, which a guard page follows, with the
// arguments, and prints each result as "packed HEX" or "typed HEX"; or "error: TEXT".
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "pack/pack.h"

int main(int argc, char **argv)
{
    struct buf text = {0};
    struct err e = {0};
    struct args out;
    if (argc < 2 || !os_read_file(argv[1], 1 << 20, &text, &e))
        return 2;
    size_t page = os_page_size(), room = (text.len / page + 1) * page;
    char *memory =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + room, page, PROT_NONE) != 0)
        return 2;
    struct slice in = {memory + room - text.len, text.len};
    if (text.len)
        memcpy(memory + room - text.len, text.data, text.len);
    if (args_merge(in, argc - 1, argv + 1, os_env, &out, &e)) {
        for (int i = 1; i < out.argc; i++) {
            printf("%s ", out.packed[i] ? "packed" : "typed");
            for (const char *p = out.argv[i]; *p; p++)
                printf("%02x", (unsigned char)*p);
            printf("\n");
        }
        if (out.argv[out.argc])
            return 3;
        args_free(&out);
    } else {
        printf("error: %s\n", e.text);
    }
    buf_free(&text);
    return 0;
}
