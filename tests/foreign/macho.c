// SPDX-License-Identifier: Apache-2.0
// macOS executables: thin 64-bit Mach-O with dyld's classic rebase and bind opcodes
// (mach-o/loader.h). What the real kernel insists on (signature and 16 KiB alignment on arm64) is
// insisted on here.
#include "loader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MAGIC_64 0xfeedfacfu
#define FLAG_PIE 0x200000u
#define CMD_SEGMENT_64 0x19u
#define CMD_CODE_SIGNATURE 0x1du
#define CMD_DYLD_INFO_ONLY 0x80000022u
#define CMD_MAIN 0x80000028u
#define CMD_DYLD_CHAINED_FIXUPS 0x80000034u

#if defined(__x86_64__)
#define CPU_TYPE 0x01000007u
#define PAGE 4096UL
#else
#define CPU_TYPE 0x0100000cu
#define PAGE 16384UL
#endif
#define IMAGE_BASE 0x100000000UL // above __PAGEZERO

struct segment {
    uintptr_t address, memory_size, file_offset, file_size;
    int protection; // 1 read, 2 write, 4 execute
};

struct section {
    char name[16], segment[16];
    uint64_t address, size;
    uint32_t offset, align, relocations, relocation_count, flags, reserved[3];
};

#define SECTION_TYPE(s) ((s)->flags & 255)
enum { INIT_POINTERS = 9, FINI_POINTERS = 10, TLV_REGULAR = 17, TLV_ZEROFILL = 18 };

#define MAX_SEGMENTS 32
#define MAX_SECTIONS 128

static struct {
    struct segment segments[MAX_SEGMENTS];
    int segment_count;
    const struct section *sections[MAX_SECTIONS];
    int section_count;
    const uint32_t *dyld_info;
    uintptr_t slide, main_offset;
    bool is_signed;
} image;

// ---- Load commands
// -------------------------------------------------------------------------------------

static void read_segment(const unsigned char *command)
{
    uint64_t numbers[4];
    uint32_t fields[4]; // maxprot, initprot, nsects, flags
    memcpy(numbers, command + 24, sizeof numbers);
    memcpy(fields, command + 56, sizeof fields);
    if (image.segment_count == MAX_SEGMENTS || image.section_count + (int)fields[2] > MAX_SECTIONS)
        die("too many segments or sections");
    image.segments[image.segment_count++] =
        (struct segment){numbers[0], numbers[1], numbers[2], numbers[3], (int)fields[1]};
    const struct section *section = (const void *)(command + 72);
    for (uint32_t i = 0; i < fields[2]; i++)
        image.sections[image.section_count++] = section + i;
}

static void read_commands(const unsigned char *file, size_t size)
{
    const uint32_t *header = (const void *)file;
    if (size < 32 || header[0] != MAGIC_64)
        die("not a thin 64-bit Mach-O file");
    if (header[1] != CPU_TYPE)
        die("built for CPU type 0x%x", header[1]);
    if (!(header[6] & FLAG_PIE))
        die("not position-independent");
    const unsigned char *command = file + 32;
    for (uint32_t i = 0; i < header[4]; i++) {
        const uint32_t *words = (const void *)command;
        if (words[0] == CMD_SEGMENT_64)
            read_segment(command);
        else if (words[0] == CMD_DYLD_INFO_ONLY)
            image.dyld_info = words;
        else if (words[0] == CMD_CODE_SIGNATURE)
            image.is_signed = true;
        else if (words[0] == CMD_MAIN)
            memcpy(&image.main_offset, command + 8, sizeof image.main_offset);
        else if (words[0] == CMD_DYLD_CHAINED_FIXUPS)
            die("chained fixups (a newer minimum version than we build for)");
        command += words[1];
    }
#if defined(__aarch64__)
    if (!image.is_signed)
        die("no code signature: macOS would kill it");
#endif
}

// ---- Mapping
// ---------------------------------------------------------------------------------------------

static void map_segments(const unsigned char *file)
{
    uintptr_t high = 0;
    for (int i = 0; i < image.segment_count; i++) {
        const struct segment *s = &image.segments[i];
        if (s->address && s->address + s->memory_size > high)
            high = s->address + s->memory_size;
    }
    char *base = mmap(NULL, high - IMAGE_BASE + 2 * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANON, -1, 0);
    if (base == MAP_FAILED)
        die("no address range");
    image.slide = (((uintptr_t)base + PAGE - 1) & ~(PAGE - 1)) - IMAGE_BASE;
    for (int i = 0; i < image.segment_count; i++) {
        const struct segment *s = &image.segments[i];
        if (!s->address)
            continue; // __PAGEZERO
        if ((s->address | s->file_offset) % PAGE)
            die("segment %d is not aligned to %lu bytes", i, PAGE);
        if ((s->protection & 6) == 6)
            die("segment %d is writable and executable", i);
        memcpy((void *)(s->address + image.slide), file + s->file_offset, s->file_size);
    }
}

static void protect_segments(void)
{
    for (int i = 0; i < image.segment_count; i++) {
        const struct segment *s = &image.segments[i];
        if (!s->address || !s->memory_size)
            continue;
        uintptr_t start = s->address + image.slide,
                  end = (start + s->memory_size + PAGE - 1) & ~(PAGE - 1);
        // Mach's bits 1, 2, 4 are PROT_READ, PROT_WRITE and PROT_EXEC.
        mprotect((void *)start, end - start, s->protection);
        __builtin___clear_cache((char *)start, (char *)end);
    }
}

// ---- Rebase and bind opcodes: small programs over an address
// ------------------------------------------------

struct program {
    const unsigned char *at, *end;
    uintptr_t address;
};

static struct program program_of(const unsigned char *file, uint32_t offset, uint32_t size)
{
    return (struct program){file + offset, file + offset + size, 0};
}

static uint64_t uleb(struct program *p)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        unsigned char byte = *p->at++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return value;
    }
}

static int64_t sleb(struct program *p)
{
    uint64_t value = 0;
    for (int shift = 0;;) {
        unsigned char byte = *p->at++;
        value |= (uint64_t)(byte & 127) << shift;
        shift += 7;
        if (byte < 128)
            return (int64_t)(shift < 64 && byte & 64 ? value | ~0ULL << shift : value);
    }
}

static void rebase_run(struct program *p, uint64_t count, uint64_t skip)
{
    while (count--) {
        *(uintptr_t *)p->address += image.slide;
        p->address += sizeof(uintptr_t) + skip;
    }
}

static void rebase(struct program p)
{
    while (p.at < p.end) {
        int opcode = *p.at & 0xf0, immediate = *p.at & 15;
        p.at++;
        uint64_t count;
        switch (opcode) {
        case 0x00: // done
            return;
        case 0x10: // type: pointers only
            break;
        case 0x20: // segment and offset
            p.address = image.segments[immediate].address + image.slide + uleb(&p);
            break;
        case 0x30: // advance
            p.address += uleb(&p);
            break;
        case 0x40:
            p.address += (uintptr_t)immediate * sizeof(uintptr_t);
            break;
        case 0x50: // rebase n pointers
            rebase_run(&p, (uint64_t)immediate, 0);
            break;
        case 0x60:
            rebase_run(&p, uleb(&p), 0);
            break;
        case 0x70: // one, then advance
            rebase_run(&p, 1, uleb(&p));
            break;
        case 0x80: // n, with gaps
            count = uleb(&p);
            rebase_run(&p, count, uleb(&p));
            break;
        default:
            die("rebase opcode 0x%x", opcode);
        }
    }
}

extern void tlv_thunk(void);

static void bind_run(struct program *p, const char *symbol, int64_t addend, uint64_t count,
                     uint64_t skip)
{
    bool thread_local = !strcmp(symbol, "__tlv_bootstrap");
    uintptr_t value = thread_local ? (uintptr_t)tlv_thunk : (uintptr_t)resolve(symbol);
    while (count--) {
        *(uintptr_t *)p->address = value + (uintptr_t)addend;
        p->address += sizeof(uintptr_t) + skip;
    }
}

// In lazy programs "done" ends one symbol, not the program.
static void bind(struct program p, bool lazy)
{
    const char *symbol = "";
    int64_t addend = 0;
    while (p.at < p.end) {
        int opcode = *p.at & 0xf0, immediate = *p.at & 15;
        p.at++;
        uint64_t count;
        switch (opcode) {
        case 0x00:
            if (!lazy)
                return;
            break;
        case 0x10: // which dylib: all are one libc here
        case 0x30:
            break;
        case 0x20:
            uleb(&p);
            break;
        case 0x40: // symbol name
            symbol = (const char *)p.at;
            p.at += strlen(symbol) + 1;
            break;
        case 0x50: // type
            if (immediate != 1)
                die("bind type %d", immediate);
            break;
        case 0x60:
            addend = sleb(&p);
            break;
        case 0x70:
            p.address = image.segments[immediate].address + image.slide + uleb(&p);
            break;
        case 0x80:
            p.address += uleb(&p);
            break;
        case 0x90:
            bind_run(&p, symbol, addend, 1, 0);
            break;
        case 0xa0:
            bind_run(&p, symbol, addend, 1, uleb(&p));
            break;
        case 0xb0:
            bind_run(&p, symbol, addend, 1, (uint64_t)immediate * sizeof(uintptr_t));
            break;
        case 0xc0:
            count = uleb(&p);
            bind_run(&p, symbol, addend, count, uleb(&p));
            break;
        default:
            die("bind opcode 0x%x", opcode);
        }
    }
}

// ---- Thread-local variables: a descriptor's function returns the variable's address
// -----------------------------

static struct {
    pthread_key_t key;
    uintptr_t start, initial_size, size;
} tlv;

struct tlv_descriptor {
    void (*thunk)(void);
    uintptr_t key, offset;
};

__attribute__((used)) void *tlv_address(const struct tlv_descriptor *descriptor)
{
    char *block = pthread_getspecific(tlv.key);
    if (!block) {
        block = aligned_alloc(64, (tlv.size + 63) & ~63UL);
        memcpy(block, (void *)tlv.start, tlv.initial_size);
        memset(block + tlv.initial_size, 0, tlv.size - tlv.initial_size);
        pthread_setspecific(tlv.key, block);
    }
    return block + descriptor->offset;
}

// The caller keeps every register but the result's (and on arm64 x16, x17, x30) across the call.
#if defined(__x86_64__)
__asm__(
    "tlv_thunk:\n"
    " push %rbp\n mov %rsp, %rbp\n"
    " push %rcx\n push %rdx\n push %rsi\n push %rdi\n push %r8\n push %r9\n push %r10\n push %r11\n"
    " and $-16, %rsp\n sub $256, %rsp\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movups %xmm\\n, 16*\\n(%rsp)\n.endr\n"
    " call tlv_address\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movups 16*\\n(%rsp), %xmm\\n\n.endr\n"
    " lea -64(%rbp), %rsp\n"
    " pop %r11\n pop %r10\n pop %r9\n pop %r8\n pop %rdi\n pop %rsi\n pop %rdx\n pop %rcx\n pop "
    "%rbp\n"
    " ret\n");
#else
__asm__("tlv_thunk:\n"
        " stp x29, x30, [sp, #-160]!\n mov x29, sp\n"
        " stp x1, x2, [sp, #16]\n stp x3, x4, [sp, #32]\n stp x5, x6, [sp, #48]\n stp x7, x8, [sp, "
        "#64]\n"
        " stp x9, x10, [sp, #80]\n stp x11, x12, [sp, #96]\n stp x13, x14, [sp, #112]\n stp x15, "
        "x16, [sp, #128]\n"
        " str x17, [sp, #144]\n sub sp, sp, #512\n"
        ".irp n, "
        "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        " str q\\n, [sp, #16*\\n]\n.endr\n"
        " bl tlv_address\n"
        ".irp n, "
        "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        " ldr q\\n, [sp, #16*\\n]\n.endr\n"
        " add sp, sp, #512\n"
        " ldp x1, x2, [sp, #16]\n ldp x3, x4, [sp, #32]\n ldp x5, x6, [sp, #48]\n ldp x7, x8, [sp, "
        "#64]\n"
        " ldp x9, x10, [sp, #80]\n ldp x11, x12, [sp, #96]\n ldp x13, x14, [sp, #112]\n ldp x15, "
        "x16, [sp, #128]\n"
        " ldr x17, [sp, #144]\n ldp x29, x30, [sp], #160\n"
        " ret\n");
#endif

// ---- All together
// -------------------------------------------------------------------------------------------

static void use_sections(void)
{
    constructor **init = NULL;
    void (**fini)(void) = NULL;
    size_t init_count = 0, fini_count = 0;
    pthread_key_create(&tlv.key, free);
    for (int i = 0; i < image.section_count; i++) {
        const struct section *s = image.sections[i];
        uintptr_t address = s->address + image.slide;
        if (SECTION_TYPE(s) == INIT_POINTERS) {
            init = (void *)address;
            init_count = s->size / sizeof(void *);
        } else if (SECTION_TYPE(s) == FINI_POINTERS) {
            fini = (void *)address;
            fini_count = s->size / sizeof(void *);
        } else if (SECTION_TYPE(s) == TLV_REGULAR || SECTION_TYPE(s) == TLV_ZEROFILL) {
            tlv.start = tlv.start ? tlv.start : address;
            tlv.size = address + s->size - tlv.start;
            if (SECTION_TYPE(s) == TLV_REGULAR)
                tlv.initial_size = tlv.size;
        }
    }
    start_set_arrays(init, init_count, fini, fini_count);
}

void image_load(const unsigned char *file, size_t size)
{
    read_commands(file, size);
    map_segments(file);
    if (!image.dyld_info)
        die("no dyld information");
    // rebase_off, rebase_size, bind_*, weak_bind_*, lazy_bind_*
    const uint32_t *info = image.dyld_info + 2;
    rebase(program_of(file, info[0], info[1]));
    bind(program_of(file, info[2], info[3]), false);
    bind(program_of(file, info[4], info[5]), false);
    bind(program_of(file, info[6], info[7]), true);
    use_sections();
    protect_segments();
}

_Noreturn void image_start(int argc, char **argv, char **envp)
{
    char *apple[] = {argv[0], NULL};
    start_set_process(envp, argv[0]);
    start_run_init(argc, argv, envp);
    atexit(start_run_fini);
    int (*program)(int, char **, char **, char **) =
        (void *)(IMAGE_BASE + image.slide + image.main_offset);
    exit(program(argc, argv, envp, apple));
}
