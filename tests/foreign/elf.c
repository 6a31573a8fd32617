// SPDX-License-Identifier: Apache-2.0
// FreeBSD, NetBSD and OpenBSD executables: dynamic ELF, possibly position-independent. The file is
// trusted to be a build product of ours; what the real kernel would refuse is refused here by name.
#include "loader.h"

#include <alloca.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define ROUND_DOWN(x) ((x) & ~(PAGE - 1))
#define ROUND_UP(x) ROUND_DOWN((x) + PAGE - 1)

#if defined(__x86_64__)
#define MACHINE EM_X86_64
enum {
    RELATIVE = R_X86_64_RELATIVE,
    ABSOLUTE = R_X86_64_64,
    GLOBAL = R_X86_64_GLOB_DAT,
    JUMP_SLOT = R_X86_64_JUMP_SLOT,
    COPY = R_X86_64_COPY
};
#else
#define MACHINE EM_AARCH64
enum {
    RELATIVE = R_AARCH64_RELATIVE,
    ABSOLUTE = R_AARCH64_ABS64,
    GLOBAL = R_AARCH64_GLOB_DAT,
    JUMP_SLOT = R_AARCH64_JUMP_SLOT,
    COPY = R_AARCH64_COPY
};
#endif

static struct {
    uintptr_t bias, entry;
} image;

// ---- What the kernel would check
// --------------------------------------------------------------------

// The note that tells FreeBSD and NetBSD that the file is theirs. OpenBSD's is optional.
static bool has_system_note(const unsigned char *file, const Elf64_Phdr *segment)
{
    const unsigned char *at = file + segment->p_offset, *end = at + segment->p_filesz;
    while (at + sizeof(Elf64_Nhdr) <= end) {
        const Elf64_Nhdr *header = (const void *)at;
        const char *name = (const char *)(header + 1);
        if (header->n_type == 1 && !strcmp(name, SYSTEM))
            return true;
        at += sizeof *header + ((header->n_namesz + 3u) & ~3u) + ((header->n_descsz + 3u) & ~3u);
    }
    return false;
}

static void check(const unsigned char *file, const Elf64_Ehdr *header, const Elf64_Phdr *segments)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        die("not an ELF file");
    if (header->e_machine != MACHINE)
        die("built for machine %d", header->e_machine);
    bool noted = !strcmp(SYSTEM, "OpenBSD"), interpreted = false;
    for (int i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type == PT_LOAD && (s->p_vaddr - s->p_offset) % s->p_align)
            die("segment %d: address and offset differ modulo its alignment", i);
        if (s->p_type == PT_LOAD && (s->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
            die("segment %d is writable and executable", i);
        if (s->p_type == PT_NOTE)
            noted |= has_system_note(file, s);
        if (s->p_type == PT_INTERP) {
            interpreted = !strcmp((const char *)file + s->p_offset, INTERPRETER);
            if (!interpreted)
                die("its loader is %s, not " INTERPRETER, (const char *)file + s->p_offset);
        }
    }
    if (!noted)
        die("no " SYSTEM " note");
    if (!interpreted)
        die("statically linked");
}

// ---- Mapping
// ------------------------------------------------------------------------------------------

static void map_segments(const unsigned char *file, const Elf64_Ehdr *header,
                         const Elf64_Phdr *segments)
{
    uintptr_t low = ~0UL, high = 0;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        low = segments[i].p_vaddr < low ? segments[i].p_vaddr : low;
        uintptr_t end = segments[i].p_vaddr + segments[i].p_memsz;
        high = end > high ? end : high;
    }
    low = ROUND_DOWN(low);
    bool fixed = header->e_type == ET_EXEC;
    char *base = mmap(fixed ? (void *)low : NULL, ROUND_UP(high - low), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANON | (fixed ? MAP_FIXED_NOREPLACE : 0), -1, 0);
    if (base == MAP_FAILED || (fixed && (uintptr_t)base != low))
        die("its address range is taken");
    image.bias = (uintptr_t)base - low;
    image.entry = header->e_entry + image.bias;
    for (int i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type == PT_LOAD)
            memcpy((void *)(s->p_vaddr + image.bias), file + s->p_offset, s->p_filesz);
        if (s->p_type == PT_TLS)
            tls_describe((void *)(s->p_vaddr + image.bias), s->p_filesz, s->p_memsz, s->p_align);
    }
}

static void protect_segments(const Elf64_Ehdr *header, const Elf64_Phdr *segments)
{
    for (int i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type != PT_LOAD)
            continue;
        uintptr_t start = ROUND_DOWN(s->p_vaddr + image.bias);
        uintptr_t end = ROUND_UP(s->p_vaddr + image.bias + s->p_memsz);
        int protection = (s->p_flags & PF_R ? PROT_READ : 0) |
                         (s->p_flags & PF_W ? PROT_WRITE : 0) | (s->p_flags & PF_X ? PROT_EXEC : 0);
        mprotect((void *)start, end - start, protection);
        __builtin___clear_cache((char *)start, (char *)end);
    }
}

// ---- Relocation
// ---------------------------------------------------------------------------------------

static void relocate(const Elf64_Rela *table, size_t count, const Elf64_Sym *symbols,
                     const char *names)
{
    for (size_t i = 0; i < count; i++) {
        uintptr_t *where = (uintptr_t *)(table[i].r_offset + image.bias);
        unsigned type = ELF64_R_TYPE(table[i].r_info);
        const Elf64_Sym *symbol = &symbols[ELF64_R_SYM(table[i].r_info)];
        if (type == RELATIVE) {
            *where = image.bias + (uintptr_t)table[i].r_addend;
            continue;
        }
        bool own = symbol->st_shndx != SHN_UNDEF && type != COPY;
        void *value =
            own ? (void *)(symbol->st_value + image.bias) : resolve(names + symbol->st_name);
        if (type == COPY) {
            memcpy(where, value, symbol->st_size);
            resolve_copied(where, value, symbol->st_size);
        } else if (type == ABSOLUTE || type == GLOBAL || type == JUMP_SLOT)
            *where = (uintptr_t)value + (uintptr_t)table[i].r_addend;
        else
            die("relocation type %u", type);
    }
}

#define KNOWN_TAGS 40

static void link_image(const Elf64_Dyn *dynamic)
{
    uintptr_t tag[KNOWN_TAGS] = {0};
    for (; dynamic->d_tag != DT_NULL; dynamic++)
        if (dynamic->d_tag < KNOWN_TAGS)
            tag[dynamic->d_tag] = dynamic->d_un.d_val;
    const Elf64_Sym *symbols = (const void *)(tag[DT_SYMTAB] + image.bias);
    const char *names = (const void *)(tag[DT_STRTAB] + image.bias);
    relocate((const void *)(tag[DT_RELA] + image.bias), tag[DT_RELASZ] / sizeof(Elf64_Rela),
             symbols, names);
    relocate((const void *)(tag[DT_JMPREL] + image.bias), tag[DT_PLTRELSZ] / sizeof(Elf64_Rela),
             symbols, names);
    start_set_arrays(
        (void *)(tag[DT_INIT_ARRAY] + image.bias), tag[DT_INIT_ARRAYSZ] / sizeof(void *),
        (void *)(tag[DT_FINI_ARRAY] + image.bias), tag[DT_FINI_ARRAYSZ] / sizeof(void *));
}

void image_load(const unsigned char *file, size_t size)
{
    const Elf64_Ehdr *header = (const void *)file;
    if (size < sizeof *header || header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > size)
        die("truncated");
    const Elf64_Phdr *segments = (const void *)(file + header->e_phoff);
    check(file, header, segments);
    map_segments(file, header, segments);
    for (int i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_DYNAMIC)
            link_image((const void *)(segments[i].p_vaddr + image.bias));
    protect_segments(header, segments);
}

// ---- Start: the stack and registers each system's crt0 expects
// ----------------------------------------------

// NetBSD's ps_strings.
static struct {
    char **argv;
    int argc;
    char **envp;
    int envc;
} ps_strings;

// argc, argv..., NULL, envp..., NULL, an empty auxiliary vector
static uintptr_t *build_stack(uintptr_t *at, int argc, char **argv, char **envp, int envc)
{
    uintptr_t *stack = at;
    *at++ = (uintptr_t)argc;
    for (int i = 0; i <= argc; i++)
        *at++ = (uintptr_t)argv[i];
    for (int i = 0; i <= envc; i++)
        *at++ = (uintptr_t)envp[i];
    memset(at, 0, 4 * sizeof *at);
    return stack;
}

_Noreturn static void jump(uintptr_t *stack)
{
    bool freebsd = !strcmp(SYSTEM, "FreeBSD"), netbsd = !strcmp(SYSTEM, "NetBSD");
#if defined(__x86_64__)
    // FreeBSD: rdi = the argument block, rsp one word below 16-byte alignment. NetBSD and OpenBSD:
    // rsp = the block, rbx = ps_strings, rdx = no cleanup.
    __asm__ volatile("mov %[block], %%rsp\n"
                     "xor %%ebp, %%ebp\n"
                     "test %[freebsd], %[freebsd]\n"
                     "jz 1f\n"
                     "push $0\n"
                     "1: jmp *%[entry]\n"
                     :
                     : [block] "D"(stack), "S"(0L), "d"(0L), [entry] "a"(image.entry),
                       "b"(&ps_strings), [freebsd] "c"((long)freebsd)
                     : "memory");
    (void)netbsd;
#else
    // FreeBSD: x0 = the argument block. NetBSD: x2 = ps_strings. OpenBSD: sp = the block.
    register uintptr_t x0 __asm__("x0") = freebsd ? (uintptr_t)stack : 0;
    register uintptr_t x1 __asm__("x1") = 0;
    register uintptr_t x2 __asm__("x2") = netbsd ? (uintptr_t)&ps_strings : 0;
    register uintptr_t x9 __asm__("x9") = image.entry;
    register uintptr_t *x10 __asm__("x10") = stack;
    __asm__ volatile("mov sp, x10\n"
                     "mov x29, #0\n"
                     "mov x30, #0\n"
                     "br x9\n"
                     :
                     : "r"(x0), "r"(x1), "r"(x2), "r"(x9), "r"(x10)
                     : "memory");
#endif
    __builtin_unreachable();
}

_Noreturn void image_start(int argc, char **argv, char **envp)
{
    int envc = 0;
    while (envp[envc])
        envc++;
    size_t words = 1 + (size_t)argc + 1 + (size_t)envc + 1 + 4;
    uintptr_t room = (uintptr_t)alloca(words * sizeof(uintptr_t) + 32);
    uintptr_t *stack = build_stack((uintptr_t *)((room + 31) & ~31UL), argc, argv, envp, envc);
    ps_strings.argv = (char **)(stack + 1);
    ps_strings.argc = argc;
    ps_strings.envp = (char **)(stack + 1 + argc + 1);
    ps_strings.envc = envc;
    start_set_process(ps_strings.envp, argv[0]);
    tls_enter_thread();
    // OpenBSD's loader runs the constructors; FreeBSD's __libc_start1 and NetBSD's crt0 do it
    // themselves.
    if (!strcmp(SYSTEM, "OpenBSD"))
        start_run_init(argc, argv, envp);
    jump(stack);
}
