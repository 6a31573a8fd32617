// SPDX-License-Identifier: Apache-2.0
// Everything but products: quantisation, norm, activation, addition, rope, attention.
#include "rows.h"

// vf_exp is good to about 1 ulp (6e-8 relative); its square leaves room for the sums around it.
#define NMSE_EXP 1e-12
// A few roundings of single floats.
#define NMSE_SIMPLE 1e-13

static void expect(const char *isa, const char *what, const float *got, const float *want,
                   int64_t n, double bound)
{
    expect_sized(isa, what, got, want, want, n, bound);
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
    static const int64_t lengths[] = {1, 4, 7, 16, 17, 34, 511};
    for (int f = 0; f < FLAVOURS; f++) {
        check_quantize(k, ref, f);
        for (int i = 0; i < 7; i++)
            check_rows(k, ref, lengths[i], f);
    }
    for (int i = 0; i < 7; i++) {
        check_attend(k, ref, lengths[i], 64, 0.125f);
        check_attend(k, ref, lengths[i], 20, 30.0f);
    }
}

int main(int argc, char **argv)
{
    return check_all_rows("check_ops", argc, argv);
}
