// SPDX-License-Identifier: Apache-2.0
// Products of every weight type: awkward shapes, extreme data, buffers that end at an unmapped
// page.
#include <math.h>

#include "rows.h"

// Square error over square size. A product's size is the sum of |w||x|, since its value may cancel
// to nothing. The narrowest rows add 264 products per lane (k = 1056): a walk of that many
// roundings of 6e-8 is off by 1e-6, whose square a single spike can exceed a few times. Both
// operands of the quantised products are the same on both sides, so the bound holds for them too.
#define NMSE_MUL 1e-11

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
        // Exponents of 2^-14 to 2^0 keep products of tiny activations above float's denormals.
        if (type == TYPE_F16)
            ((uint16_t *)w)[i] = (uint16_t)(rnd() & (flavour == TINY ? 0x8bff : 0xbbff));
        else if (type == TYPE_BF16)
            ((uint16_t *)w)[i] = (uint16_t)((rnd() & 0x807f) | (112 + rnd() % 16) << 7);
    }
    size_t block = tensor_type_info(type)->block_size;
    for (size_t at = 0; tensor_type_info(type)->block_weights > 1 && at + block <= size;
         at += block)
        *(uint16_t *)(void *)((char *)w + at) =
            (uint16_t)(rnd() & (flavour == TINY ? 0x83ff : 0xafff));
}

// (n, rows): the sum of |w||x| for each product
static float *product_sizes(const struct kernels *ref, enum tensor_type type, const void *w,
                            int64_t rows, const void *x, int64_t n, int64_t length)
{
    enum tensor_type act = kern_activation(type);
    float *sizes = malloc((size_t)(n * rows) * sizeof *sizes);
    float *a = malloc((size_t)length * sizeof *a), *b = malloc((size_t)length * sizeof *b);
    for (int64_t j = 0; j < n; j++) {
        ref->dequantize[act]((const char *)x + (size_t)j * kern_row_size(act, length), length, b);
        for (int64_t r = 0; r < rows; r++) {
            const char *row = (const char *)w + (size_t)r * kern_row_size(type, length);
            ref->dequantize[type](row, length, a);
            double sum = 0;
            for (int64_t i = 0; i < length; i++)
                sum += fabs((double)a[i] * b[i]);
            sizes[j * rows + r] = (float)sum;
        }
    }
    free(a);
    free(b);
    return sizes;
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
    float *size = product_sizes(ref, type, w.data, rows, x.data, n, length);
    expect_sized(k->isa, what, y.data, want, size, n * rows, NMSE_MUL);
    free(size);

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
}

int main(int argc, char **argv)
{
    return check_all_rows("check_mul", argc, argv);
}
