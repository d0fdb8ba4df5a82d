/* tenfold:output; checks digits.c against answers that it must give.
 *
 *   cc -std=c99 -O2 -o selftest digits.c selftest.c -lm && ./selftest
 */
#include "digits.h"

#include <stdio.h>

#define GLYPHS @GLYPHS@

static const uint8_t glyphs[GLYPHS][DIGITS_PIXELS] = {
@GLYPH_ROWS@
};

#if DIGITS_FLOAT
/* What ONNX Runtime answers for each. */
static const float expected[GLYPHS][DIGITS_CLASSES] = {
@EXPECTED@
};
#endif
#if DIGITS_INT8
/* What the arithmetic of whole numbers comes to. */
static const float expected_int8[GLYPHS][DIGITS_CLASSES] = {
@EXPECTED_INT8@
};
#endif

/* A crop of dark ink on light paper, and the glyph that tenfold frames. */
static const uint8_t grey[@CROP_HEIGHT@ * @CROP_WIDTH@] = {
@CROP@
};
static const uint8_t framed[DIGITS_PIXELS] = {
@FRAMED@
};

typedef int (*predict)(const uint8_t *, float *);

static float check(predict function, const float wanted[GLYPHS][DIGITS_CLASSES]) {
    float most = 0;
    for (int i = 0; i < GLYPHS; i++) {
        float given[DIGITS_CLASSES];
        function(glyphs[i], given);
        for (int c = 0; c < DIGITS_CLASSES; c++) {
            float gap = given[c] - wanted[i][c];
            if (gap < 0) gap = -gap;
            if (!(gap <= most)) most = gap; /* not a number, too */
        }
    }
    return most;
}

static int told(const char *what, float most, float limit) {
    int right = most <= limit;
    printf("%-8s %s: off by %.1e at most, %.0e allowed\n", what, right ? "right" : "WRONG",
           (double)most, (double)limit);
    return right;
}

int main(void) {
    int right = 1, off = 0;
    uint8_t glyph[DIGITS_PIXELS];
#if DIGITS_FLOAT
    right &= told("float32", check(digits_predict, expected), 1e-5f);
#endif
#if DIGITS_INT8
    right &= told("int8", check(digits_predict_int8, expected_int8), 1e-5f);
#endif
    digits_frame(grey, @CROP_HEIGHT@, @CROP_WIDTH@, glyph);
    for (int i = 0; i < DIGITS_PIXELS; i++) {
        int gap = glyph[i] > framed[i] ? glyph[i] - framed[i] : framed[i] - glyph[i];
        if (gap > off) off = gap;
    }
    right &= told("framing", (float)off, 2);
    printf("memory   %u bytes\n", digits_memory());
    return !right;
}
