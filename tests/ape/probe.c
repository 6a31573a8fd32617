// SPDX-License-Identifier: Apache-2.0
// What the tests link into polyglots: says how it was started and reads its own pack, as the
// contract between stub and program (ape/FORMAT.md 3.4) lets a program do. One "key=value" a line:
// arg (for each), argv0, pack, built, entry (the text of the stored member hello.txt).
// Status 0, or 3 when there is no pack or no such member in it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

#define DIRECTORY_MAX (1 << 20)

static uint32_t le16(const unsigned char *p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t le32(const unsigned char *p) { return le16(p) | le16(p + 2) << 16; }

// Prints the stored member `name` of at most 4 GiB offset. The end record must be the file's end.
static int print_member(FILE *f, const char *name) {
    static unsigned char directory[DIRECTORY_MAX];
    unsigned char end[22], local[30];
    if (fseek(f, -22, SEEK_END) || fread(end, 1, 22, f) != 22 || memcmp(end, "PK\5\6", 4)) return 3;
    size_t size = le32(end + 12);
    if (size > sizeof directory || fseek(f, (long)le32(end + 16), SEEK_SET)) return 3;
    if (fread(directory, 1, size, f) != size) return 3;
    for (size_t at = 0; at + 46 <= size;) {
        const unsigned char *entry = directory + at;
        size_t length = le16(entry + 28);
        if (length == strlen(name) && !memcmp(entry + 46, name, length)) {
            long header = (long)le32(entry + 42);
            if (fseek(f, header, SEEK_SET) || fread(local, 1, 30, f) != 30) return 3;
            fseek(f, header + 30 + (long)le16(local + 26) + (long)le16(local + 28), SEEK_SET);
            for (uint32_t left = le32(entry + 24); left; left--) putchar(getc(f));
            return 0;
        }
        at += 46 + length + le16(entry + 30) + le16(entry + 32);
    }
    return 3;
}

#ifdef _WIN32
// UTF-8 copies, which live as long as the process: Windows hands out the ANSI code page.
static char *utf8(const wchar_t *text) {
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *copy = malloc((size_t)size);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, copy, size, NULL, NULL);
    return copy;
}

static const char *own_file(const char **argv0) {
    static wchar_t path[4096];
    GetModuleFileNameW(NULL, path, 4096);
    *argv0 = "";
    return utf8(path);
}
static FILE *open_file(const char *path) {
    static wchar_t wide[4096];
    MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096);
    return _wfopen(wide, L"rb");
}
#else
static const char *own_file(const char **argv0) {
    const char *self = getenv("PROBE_SELF");
    *argv0 = getenv("PROBE_ARGV0");
    return self ? self : "";
}
static FILE *open_file(const char *path) { return fopen(path, "rb"); }
#endif

#ifndef _WIN32
// A one-shot copy goes away at once, and its folder with it.
static void remove_one_shot(const char *program) {
    const char *folder = getenv("PROBE_TMP");
    if (!folder || !*folder) return;
    printf("oneshot=%s\n", folder);
    unlink(program);
    rmdir(folder);
}
#endif

int main(int argc, char **argv) {
    const char *self = getenv("PROBE_SELF"), *argv0;
    if (self && !strcmp(self, "-")) return 0;
    const char *pack = own_file(&argv0);
#ifdef _WIN32
    _setmode(1, _O_BINARY);
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &argc);
    for (int i = 1; i < argc; i++) printf("arg=%s\n", utf8(wide[i]));
    (void)argv;
#else
    for (int i = 1; i < argc; i++) printf("arg=%s\n", argv[i]);
    printf("argv0=%s\n", argv0 ? argv0 : "");
#endif
    printf("pack=%s\nbuilt=%s\n", pack, PROBE_TARGET);
#ifndef _WIN32
    remove_one_shot(argv[0]);
#endif
    if (argc > 1 && !strcmp(argv[1], "--stdin"))
        for (int c; (c = getchar()) != EOF;) putchar(c);
    FILE *f = open_file(pack);
    if (!f) return 3;
    printf("entry=");
    int status = print_member(f, "hello.txt");
    return fflush(stdout) ? 4 : status;
}
