// SPDX-License-Identifier: Apache-2.0
// check_self: prints who it believes to be, "PATH ARGV0 members N", and what is left of the
// environment variables that told it.
#include <stdio.h>

#include "pack/pack.h"

int main(int argc, char **argv)
{
    static const char *const names[] = {"PACKLLAMA_SELF", "PACKLLAMA_ARGV0", "PACKLLAMA_TMP"};
    struct self self;
    self_init(&self, argc ? argv[0] : NULL);
    printf("%s\n%s\n%d\n", self.path ? self.path : "?", self.argv0,
           self.zip ? (int)zip_count(self.zip) : -1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (os_env(names[i]))
            printf("left: %s\n", names[i]);
    self_free(&self);
    return 0;
}
