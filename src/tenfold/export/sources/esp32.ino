/* tenfold:output; an ESP32 (or any Arduino with 32 KB of memory to spare) that reads digits.
 *
 * NOT COMPILED YET: this sketch was written without the Arduino tool chain at hand. digits.h and
 * digits.c beside it are compiled and tested.
 *
 * It takes crops over the serial line: two bytes, height and width, then the grey pixels row by row.
 * It answers with the digit, its probability and the time that took, one line per crop.
 */
#define DIGITS_FLOAT 0 /* set it in the board's build flags for digits.c as well, to save memory */
#include "digits.h"

static uint8_t crop[96 * 96];

static uint8_t next_byte() {
  while (!Serial.available()) delay(1);
  return (uint8_t)Serial.read();
}

void setup() { Serial.begin(115200); }

void loop() {
  int height = next_byte(), width = next_byte();
  for (int i = 0; i < height * width; i++) {
    uint8_t pixel = next_byte();
    if (i < (int)sizeof crop) crop[i] = pixel;
  }
  if (height * width > (int)sizeof crop || height == 0 || width == 0) {
    Serial.println("a crop has at most 96 x 96 pixels");
    return;
  }
  uint8_t glyph[DIGITS_PIXELS];
  float probabilities[DIGITS_CLASSES];
  unsigned long start = micros();
  if (!digits_frame(crop, height, width, glyph)) {
    Serial.println("no ink");
    return;
  }
  int digit = digits_predict_int8(glyph, probabilities);
  unsigned long spent = micros() - start;
  Serial.print(digits_names[digit]);
  Serial.print(' ');
  Serial.print(probabilities[digit], 3);
  Serial.print(' ');
  Serial.print(spent);
  Serial.println(" us");
}
