// SPDX-License-Identifier: Apache-2.0
#include "cli/out.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "platform/platform.h"

void out_init(struct out *o)
{
    *o = (struct out){.terminal = os_is_terminal(1)};
}

void out_free(struct out *o)
{
    buf_free(&o->text);
}

static void emit(struct out *o, const char *data, size_t len)
{
    buf_append(&o->text, data, len);
    fwrite(data, 1, len, stdout);
    o->last = data[len - 1];
}

static bool is_control(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
}

static void flush(struct out *o)
{
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && !o->error)
        o->error = errno ? errno : EIO;
}

bool out_write(struct out *o, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        o->pending[o->pending_len++] = data[i];
        // What follows broken bytes is looked at again.
        while (o->pending_len) {
            struct utf8 c = utf8_at((struct slice){o->pending, (size_t)o->pending_len});
            if (c.kind == UTF8_CUT)
                break;
            if (c.kind == UTF8_BAD)
                emit(o, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
            else if (!o->terminal || !is_control(c.code))
                emit(o, o->pending, c.len);
            o->pending_len -= (int)c.len;
            memmove(o->pending, o->pending + c.len, (size_t)o->pending_len);
        }
    }
    flush(o);
    return !o->error;
}

void out_finish(struct out *o)
{
    if (o->pending_len)
        emit(o, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
    o->pending_len = 0;
    if (o->last && o->last != '\n')
        fputc('\n', stdout);
    flush(o);
}

bool out_flush(const struct out *o, struct err *e)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    int why = o && o->error ? o->error : errno;
    if (why == EPIPE)
        return false;
    return err_set(e, "standard output: %s", why ? strerror(why) : "cannot be written to");
}
