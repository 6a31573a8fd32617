// SPDX-License-Identifier: Apache-2.0
// UTF-8 to UTF-16 and back, for the Windows half of this room alone.
#ifndef PLATFORM_WIDE_WIN32_H
#define PLATFORM_WIDE_WIN32_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

// Both return memory to free(). Invalid input becomes U+FFFD.
wchar_t *wide_from_utf8(const char *s);
char *wide_to_utf8(const wchar_t *s);

#endif
