// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/cli.h"
#include "pack/pack.h"
#include "platform/platform.h"

int main(int argc, char **argv)
{
    struct self self;
    struct err e = {0};
    os_args_utf8(&argc, &argv);
    os_terminal_setup();
    self_init(&self, argc > 0 ? argv[0] : NULL);
    int status = cli_run(&self, argc, argv, &e);
    if (err_is_set(&e))
        fprintf(stderr, "%s: error: %s\n", cli_name(&self), e.text);
    self_free(&self);
    if (status == STATUS_INTERRUPTED)
        os_interrupt_end();
    return status;
}
