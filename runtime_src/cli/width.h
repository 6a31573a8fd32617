// SPDX-License-Identifier: Apache-2.0
// How many columns a character takes on a terminal.
#ifndef CLI_WIDTH_H
#define CLI_WIDTH_H

#include "base/base.h"

// 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
int width_of(uint32_t character);

#endif
