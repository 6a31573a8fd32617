// SPDX-License-Identifier: Apache-2.0
// Functions that compilers and headers call by other names than the programmer wrote.
#include "loader.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include <time.h>

// ---- macOS: checked copies carry the size of the destination ---------------------------------

static void *memcpy_checked(void *to, const void *from, size_t n, size_t room)
{
    if (n > room)
        die("memcpy of %zu bytes into %zu", n, room);
    return memcpy(to, from, n);
}

static void *memmove_checked(void *to, const void *from, size_t n, size_t room)
{
    if (n > room)
        die("memmove of %zu bytes into %zu", n, room);
    return memmove(to, from, n);
}

static void *memset_checked(void *to, int byte, size_t n, size_t room)
{
    if (n > room)
        die("memset of %zu bytes into %zu", n, room);
    return memset(to, byte, n);
}

// ---- macOS: sine and cosine at once, in two registers ----------------------------------------

struct sine_cosine {
    double sine, cosine;
};

static struct sine_cosine sincos_returned(double x)
{
    return (struct sine_cosine){sin(x), cos(x)};
}

struct sine_cosine_float {
    float sine, cosine;
};

static struct sine_cosine_float sincosf_returned(float x)
{
    return (struct sine_cosine_float){sinf(x), cosf(x)};
}

// ---- The BSDs: what the classification macros call -------------------------------------------

static int is_finite(double x)
{
    return isfinite(x);
}

static int is_finite_float(float x)
{
    return isfinite(x);
}

static int is_nan(double x)
{
    return isnan(x);
}

static int is_nan_float(float x)
{
    return isnan(x);
}

static int is_inf(double x)
{
    return isinf(x);
}

static int is_inf_float(float x)
{
    return isinf(x);
}

const struct shim shims_aliases[] = {
    SHIM("__memcpy_chk", memcpy_checked),
    SHIM("__memmove_chk", memmove_checked),
    SHIM("__memset_chk", memset_checked),
    SHIM("__bzero", bzero),
    SHIM("__exp10", exp10),
    SHIM("__sincos_stret", sincos_returned),
    SHIM("__sincosf_stret", sincosf_returned),
    SHIM("__isfinite", is_finite),
    SHIM("__isfinited", is_finite),
    SHIM("__isfinitef", is_finite_float),
    SHIM("__isnand", is_nan),
    SHIM("__isnan", is_nan),
    SHIM("__isnanf", is_nan_float),
    SHIM("__isinfd", is_inf),
    SHIM("__isinf", is_inf),
    SHIM("__isinff", is_inf_float),
    SHIM("__locatime50", localtime),
    SHIM("__time50", time),
    {NULL, NULL},
};
