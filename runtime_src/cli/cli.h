// SPDX-License-Identifier: Apache-2.0
// The command line: reads the options, loads the model and does one of the things of enum mode.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/base.h"
#include "pack/pack.h"

// Exit statuses. 130 is what a shell calls a program that Ctrl-C ended.
enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_INTERRUPTED = 130 };

// Runs the program and returns its exit status; *e is set when there is something to complain
// about.
int cli_run(const struct self *self, int argc, char **argv, struct err *e);
// What messages begin with: how the user called us, without folders.
const char *cli_name(const struct self *self);

#endif
