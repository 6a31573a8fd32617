// SPDX-License-Identifier: Apache-2.0
// What every room may use: errors as text, memory that does not fail, growing byte buffers,
// little-endian reads and the bounds-checked cursor that all parsers read through. Nothing here
// knows a file or a model.
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BASE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define BASE_PRINTF(fmt, args)
#endif

// ---- Errors ---------------------------------------------------------------------------------

// One line of text for a person: "FILE: RULE that is broken (what to do)". The first error wins.
struct err {
    char text[600];
};

// Fills *e unless it already holds an error. Always returns false, so that `return err_set(...)`
// works.
bool err_set(struct err *e, const char *fmt, ...) BASE_PRINTF(2, 3);
bool err_is_set(const struct err *e);

// ---- Memory ---------------------------------------------------------------------------------

// These print one line and exit with status 1 when memory is exhausted; they never return NULL.
// Sizes that come from a file are to be checked against a named limit before they get here.
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
// `align` is a power of two >= sizeof(void *). Free with base_free_aligned. May return NULL (huge
// buffers).
void *base_alloc_aligned(size_t align, size_t size);
void base_free_aligned(void *p);

// ---- Text -----------------------------------------------------------------------------------

// A view of bytes somebody else owns; not NUL-terminated.
struct slice {
    const char *data;
    size_t len;
};

struct slice slice_of(const char *c_string);
bool slice_eq(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *c_string);

// 0 to 15, or -1 when c is no hexadecimal digit.
int hex_value(int c);

// A growing byte buffer; data is always NUL-terminated after the first append. Zero-initialise;
// free with buf_free.
struct buf {
    char *data;
    size_t len, cap;
};

void buf_append(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) BASE_PRINTF(2, 3);
// The word as a POSIX shell reads it back: as it is, or in single quotes when it needs them.
void buf_shell_quoted(struct buf *b, const char *word);
void buf_free(struct buf *b);

// ---- Byte order -----------------------------------------------------------------------------

uint16_t le16(const void *p);
uint32_t le32(const void *p);
uint64_t le64(const void *p);

// ---- Numbers --------------------------------------------------------------------------------

// Spreads every bit over all: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mix64(uint64_t x);

// ---- Cursor: the only way parsers read untrusted bytes --------------------------------------

struct cursor {
    const unsigned char *data;
    size_t size, pos;
    bool failed; // sticky: set by the first read past the end; later reads return zeros
};

struct cursor cursor_of(const void *data, size_t size);
bool cursor_has(const struct cursor *c, uint64_t n);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
// n bytes in place, or NULL (and failed) when fewer are left.
const void *cursor_bytes(struct cursor *c, uint64_t n);
bool cursor_seek(struct cursor *c, uint64_t pos);

#endif
