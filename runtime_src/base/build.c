// SPDX-License-Identifier: Apache-2.0
#include "base/build.h"

// A build by hand, without scons, says nothing.
#ifndef PACKLLAMA_VERSION
#define PACKLLAMA_VERSION "0.0.0"
#endif
#ifndef PACKLLAMA_BUILD_ID
#define PACKLLAMA_BUILD_ID ""
#endif
#ifndef PACKLLAMA_TARGET
#define PACKLLAMA_TARGET "unknown"
#endif

const char *build_version(void)
{
    return PACKLLAMA_VERSION;
}

const char *build_id(void)
{
    return PACKLLAMA_BUILD_ID;
}

const char *build_target(void)
{
    return PACKLLAMA_TARGET;
}
