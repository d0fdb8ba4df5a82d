/* Reads one handwritten digit: a network trained by tenfold, in C99.
 *
 * tenfold:output
 * @ABOUT@
 *
 * No heap, nothing of libm but expf. Compile digits.c beside this file; to leave a variant out and
 * save its weights and memory, compile with -DDIGITS_FLOAT=0 or -DDIGITS_INT8=0.
 * selftest.c checks both against the answers of the network that they were made from.
 *
 *   float32: @FLOAT_FLASH@ bytes of constants, @FLOAT_RAM@ bytes of memory
 *   int8:    @INT8_FLASH@ bytes of constants, @INT8_RAM@ bytes of memory
 *   @MACS@ multiply-adds a digit
 *
 * Memory is one static workspace, so calls must not overlap.
 */
#ifndef DIGITS_H
#define DIGITS_H

#include <stdint.h>

#ifndef DIGITS_FLOAT
#define DIGITS_FLOAT 1
#endif
#ifndef DIGITS_INT8
#define DIGITS_INT8 1
#endif

#define DIGITS_SIZE 28
#define DIGITS_PIXELS (DIGITS_SIZE * DIGITS_SIZE)
#define DIGITS_CLASSES @CLASSES@

#ifdef __cplusplus
extern "C" {
#endif

/* What each class means. */
extern const char *const digits_names[DIGITS_CLASSES];

/* Frame a glyph as MNIST's makers framed theirs: cropped, scaled, its centre of mass in the middle.
 *
 * grey    height rows of width pixels; one glyph on plain paper, of any size up to 32,767
 * glyph   what the network takes: white ink on black
 *
 * Returns 1, or 0 where there is no ink; then glyph is all black. */
int digits_frame(const uint8_t *grey, int height, int width, uint8_t glyph[DIGITS_PIXELS]);

/* Read a glyph: return the likeliest class, and the probability of each. */
#if DIGITS_FLOAT
int digits_predict(const uint8_t glyph[DIGITS_PIXELS], float probabilities[DIGITS_CLASSES]);
#endif
#if DIGITS_INT8
int digits_predict_int8(const uint8_t glyph[DIGITS_PIXELS], float probabilities[DIGITS_CLASSES]);
#endif

/* Bytes of the workspace in memory. */
unsigned digits_memory(void);

#ifdef __cplusplus
}
#endif
#endif
