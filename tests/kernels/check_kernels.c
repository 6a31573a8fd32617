// SPDX-License-Identifier: Apache-2.0
// Every kernel of every ISA row this processor can run, against the reference row: awkward shapes,
// extreme data, buffers that end at an unmapped page. Rows are reached by taking features away one
// at a time.
//
//   check_kernels [SEED]      last line: "check_kernels: all N passed", or the failures and status
//   1
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary.h"
#include "kernels/cpu.h"
#include "kernels/kernels.h"

// ---- Comparison -----------------------------------------------------------------------------
// Normalised mean square error: |got - want|^2 / |want|^2. Sums of up to 4096 products in floats,
// in any order, stay below 1e-12 on uniform data; cancellation in the other flavours costs two
// digits more. Both operands of the quantised products are the same on both sides, so the same
// bound holds for them.
#define NMSE_MUL 1e-10
// vf_exp is good to about 1 ulp (6e-8 relative); its square leaves room for the sums around it.
#define NMSE_EXP 1e-12
// A few roundings of single floats.
#define NMSE_SIMPLE 1e-13

static int passed, failed;

static double nmse(const float *got, const float *want, int64_t n)
{
    double error = 0, power = 0;
    for (int64_t i = 0; i < n; i++) {
        error += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        power += (double)want[i] * want[i];
    }
    return power > 0 ? error / power : error;
}

static void expect(const char *isa, const char *what, const float *got, const float *want,
                   int64_t n, double bound)
{
    double e = nmse(got, want, n);
    if (e <= bound) {
        passed++;
        return;
    }
    failed++;
    printf("FAIL %s %s: nmse %g > %g\n", isa, what, e, bound);
}

// ---- One check per kernel -------------------------------------------------------------------

static const enum tensor_type types[] = {TYPE_F32, TYPE_F16, TYPE_BF16, TYPE_Q8_0, TYPE_Q4_0};

// Random bytes are legal weights of every type once the half-precision fields are finite.
static void fill_weights(enum tensor_type type, void *w, int64_t rows, int64_t k,
                         enum flavour flavour)
{
    size_t size = kern_row_size(type, k) * (size_t)rows;
    if (type == TYPE_F32) {
        fill(w, rows * k, flavour);
        return;
    }
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)w)[i] = (uint8_t)rnd();
    for (int64_t i = 0; i < rows * k; i++) {
        // Halves: exponents up to 2^0 only, so that sums keep their meaning. bf16 likewise.
        if (type == TYPE_F16 || type == TYPE_BF16)
            ((uint16_t *)w)[i] = (uint16_t)(rnd() & (type == TYPE_F16 ? 0xbbff : 0xbfff) &
                                            ~(flavour == TINY ? 0x3000 : 0));
    }
    size_t block = tensor_type_info(type)->block_size;
    for (size_t at = 0; tensor_type_info(type)->block_weights > 1 && at + block <= size;
         at += block)
        *(uint16_t *)(void *)((char *)w + at) =
            (uint16_t)(rnd() & (flavour == TINY ? 0x83ff : 0xafff));
}

static void check_mul(const struct kernels *k, const struct kernels *ref, enum tensor_type type,
                      int64_t rows, int64_t n, int64_t length, enum flavour flavour)
{
    size_t w_stride = kern_row_size(type, length);
    enum tensor_type act = kern_activation(type);
    size_t x_stride = kern_row_size(act, length);
    struct guarded w = guarded_new(w_stride * (size_t)rows), x = guarded_new(x_stride * (size_t)n);
    float *plain = malloc((size_t)(n * length) * sizeof *plain);
    fill_weights(type, w.data, rows, length, flavour);
    fill(plain, n * length, flavour);
    if (act == TYPE_Q8_0)
        for (int64_t j = 0; j < n; j++)
            ref->quantize_q8_0(plain + j * length, length,
                               (void *)((char *)x.data + (size_t)j * x_stride));
    else
        memcpy(x.data, plain, (size_t)(n * length) * sizeof *plain);

    struct guarded y = guarded_new((size_t)(n * rows) * sizeof(float));
    float *want = malloc((size_t)(n * rows) * sizeof *want);
    k->mul[type](length, w.data, w_stride, rows, x.data, x_stride, n, y.data, rows);
    ref->mul[type](length, w.data, w_stride, rows, x.data, x_stride, n, want, rows);
    char what[80];
    snprintf(what, sizeof what, "mul %s %d x %d x %d flavour %d", tensor_type_name(type), (int)rows,
             (int)n, (int)length, flavour);
    expect(k->isa, what, y.data, want, n * rows, NMSE_MUL);

    // One row and one column at a time must give the same bits.
    float alone = 0;
    for (int64_t j = 0; j < n; j++)
        for (int64_t r = 0; r < rows; r++) {
            k->mul[type](length, (char *)w.data + (size_t)r * w_stride, w_stride, 1,
                         (char *)x.data + (size_t)j * x_stride, x_stride, 1, &alone, 1);
            if (memcmp(&alone, (float *)y.data + j * rows + r, sizeof alone)) {
                printf("FAIL %s %s: element %d,%d differs when computed alone\n", k->isa, what,
                       (int)r, (int)j);
                failed++;
                r = rows, j = n;
            }
        }
    free(plain);
    free(want);
    guarded_free(w);
    guarded_free(x);
    guarded_free(y);
}

static void check_quantize(const struct kernels *k, const struct kernels *ref, enum flavour flavour)
{
    enum { N = 32 * 7 };
    float x[N];
    struct block_q8_0 got[N / 32], want[N / 32];
    fill(x, N, flavour);
    x[0] = 1.0f, x[1] = 0.5f / 127, x[2] = -1.5f / 127; // ties
    k->quantize_q8_0(x, N, got);
    ref->quantize_q8_0(x, N, want);
    int same = memcmp(got, want, sizeof got) == 0;
    passed += same;
    failed += !same;
    if (!same)
        printf("FAIL %s quantize_q8_0 flavour %d\n", k->isa, flavour);
}

static void check_rows(const struct kernels *k, const struct kernels *ref, int64_t n,
                       enum flavour flavour)
{
    size_t size = (size_t)n * sizeof(float);
    struct guarded a = guarded_new(size), b = guarded_new(size), y = guarded_new(size);
    float *want = malloc(size);
    fill(a.data, n, flavour);
    fill(b.data, n, UNIFORM);
    k->rms_norm(a.data, b.data, n, 1e-5f, y.data);
    ref->rms_norm(a.data, b.data, n, 1e-5f, want);
    expect(k->isa, "rms_norm", y.data, want, n, NMSE_SIMPLE);
    k->swiglu(a.data, b.data, n, y.data);
    ref->swiglu(a.data, b.data, n, want);
    expect(k->isa, "swiglu", y.data, want, n, NMSE_EXP);
    memcpy(y.data, b.data, size);
    memcpy(want, b.data, size);
    k->add(a.data, n, y.data);
    ref->add(a.data, n, want);
    expect(k->isa, "add", y.data, want, n, 0);
    if (n % 2 == 0) {
        // Any numbers serve as cosines and sines here.
        memcpy(y.data, a.data, size);
        memcpy(want, a.data, size);
        k->rope_split(y.data, b.data, (float *)b.data + n / 2, n / 2);
        ref->rope_split(want, b.data, (float *)b.data + n / 2, n / 2);
        expect(k->isa, "rope_split", y.data, want, n, NMSE_SIMPLE);
    }
    free(want);
    guarded_free(a);
    guarded_free(b);
    guarded_free(y);
}

static void check_attend(const struct kernels *k, const struct kernels *ref, int64_t n, int64_t d,
                         float heat)
{
    size_t row = (size_t)d * sizeof(float);
    struct guarded q = guarded_new(row), keys = guarded_new(row * (size_t)n),
                   values = guarded_new(row * (size_t)n);
    struct guarded scores = guarded_new((size_t)n * sizeof(float)), out = guarded_new(row);
    float *want = malloc(row), *scratch = malloc((size_t)n * sizeof *scratch);
    fill(q.data, d, UNIFORM);
    fill(keys.data, n * d, UNIFORM);
    fill(values.data, n * d, UNIFORM);
    k->attend(q.data, keys.data, values.data, n, d, d, heat, scores.data, out.data);
    ref->attend(q.data, keys.data, values.data, n, d, d, heat, scratch, want);
    // Scores of up to 100 carry their rounding (6e-6 absolute) into the exponent.
    expect(k->isa, "attend", out.data, want, d, heat > 1 ? 1e-9 : NMSE_EXP);
    free(want);
    free(scratch);
    guarded_free(q);
    guarded_free(keys);
    guarded_free(values);
    guarded_free(scores);
    guarded_free(out);
}

static void check_row(const struct kernels *k, const struct kernels *ref)
{
    static const int64_t heights[] = {1, 2, 3, 4, 5, 7, 9}, counts[] = {1, 2, 3, 4, 5, 8, 9};
    static const int64_t lengths[] = {32, 64, 96, 1056}, odd[] = {1, 3, 7, 15, 17, 33, 511};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (int shape = 0; shape < 7; shape++)
            for (int f = 0; f < FLAVOURS; f++) {
                check_mul(k, ref, types[t], heights[shape], counts[(shape * 3 + f) % 7],
                          lengths[(shape + f) % 4], f);
                if (tensor_type_info(types[t])->block_weights == 1)
                    check_mul(k, ref, types[t], heights[shape], counts[(shape * 5 + f) % 7],
                              odd[shape], f);
            }
    for (int f = 0; f < FLAVOURS; f++) {
        check_quantize(k, ref, f);
        for (int i = 0; i < 7; i++)
            check_rows(k, ref, odd[i] + (i & 1), f);
    }
    for (int i = 0; i < 7; i++) {
        check_attend(k, ref, odd[i], 64, 0.125f);
        check_attend(k, ref, odd[i], 20, 30.0f);
    }
}

int main(int argc, char **argv)
{
    state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    struct kernels ref, k;
    kern_init_ref(&ref);
    uint32_t features = cpu_detect();
    struct buf text = {0};
    cpu_describe(features, &text);
    printf("seed %llu, features: %s\n", (unsigned long long)state, text.data);
    buf_free(&text);

    // Newest feature first: each step takes the highest bit away until the baseline is reached.
    const char *last = "";
    for (;;) {
        kern_init(&k, features);
        if (strcmp(k.isa, last) != 0) {
            printf("row %s\n", k.isa);
            check_row(&k, &ref);
            last = k.isa;
        }
        if (!features)
            break;
        features &= ~(1u << (31 - __builtin_clz(features)));
    }
    if (failed) {
        printf("check_kernels: %d of %d failed\n", failed, passed + failed);
        return 1;
    }
    printf("check_kernels: all %d passed\n", passed);
    return 0;
}
