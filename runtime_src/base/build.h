// SPDX-License-Identifier: Apache-2.0
// What this executable is: said by the build on the compiler's command line, for build.c alone, so
// that a new build id compiles one small file.
#ifndef BASE_BUILD_H
#define BASE_BUILD_H

const char *build_version(void); // "0.1.0"
const char *build_id(void);      // hexadecimal, of sources, flags and pins; "" when unknown
const char *build_target(void);  // "x86_64-linux-musl"

#endif
