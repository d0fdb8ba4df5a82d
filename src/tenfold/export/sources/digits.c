/* tenfold:output; see digits.h. */
#include "digits.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define FIELD DIGITS_SIZE
#define BOX 20          /* pixels: the longer side of a framed glyph */
#define ROOM 4          /* pens are widened on a grid this many times finer than the box */
#define FINE (BOX * ROOM)
#define WIDEST @WIDEST@        /* pixels that a pen is widened by at the most */
#define NIB (WIDEST + 1)
#define BROAD (FINE + 2 * WIDEST)
#define TAPS @TAPS@

/* A layer: a convolution, of its windows two by two the largest if pool is set, then a factor and a
 * summand for each output and, but for the last layer, what is negative becomes 0. A fully
 * connected layer is a convolution as large as its input. Values lie row by row, channels last. */
typedef struct {
    int16_t size, inputs, outputs, kernel, stride, pad, pool, left;
} shape;

@TABLES@

static union {
#if DIGITS_FLOAT
    float values[FLOAT_FIRST + FLOAT_SECOND];
#endif
#if DIGITS_INT8
    uint8_t levels[INT8_FIRST + INT8_SECOND];
#endif
    struct {
        uint8_t fine[BROAD * BROAD], broad[BROAD * BROAD];
    } pen;
    struct {
        float one[DIGITS_PIXELS], other[DIGITS_PIXELS];
    } edge;
    uint32_t counts[256];
} work;

unsigned digits_memory(void) { return (unsigned)sizeof work; }

#if DIGITS_FLOAT || DIGITS_INT8
/* Turn logits into probabilities, and return the place of the largest. */
static int softmax(const float *logits, float *probabilities) {
    int best = 0;
    float sum = 0;
    for (int i = 1; i < DIGITS_CLASSES; i++)
        if (logits[i] > logits[best]) best = i;
    for (int i = 0; i < DIGITS_CLASSES; i++) {
        probabilities[i] = expf((logits[i] - logits[best]) * (1 / TEMPERATURE));
        sum += probabilities[i];
    }
    for (int i = 0; i < DIGITS_CLASSES; i++) probabilities[i] /= sum;
    return best;
}

/* The part of a kernel at this place that lies on the picture: from first to last, exclusive. */
static void overlap(const shape *s, int place, int *first, int *last) {
    int start = place * s->stride - s->pad;
    *first = start < 0 ? -start : 0;
    *last = s->size - start < s->kernel ? s->size - start : s->kernel;
}
#endif

#if DIGITS_FLOAT
static float window(const shape *s, const float *in, const float *weights, int y, int x) {
    int top, bottom, left, right;
    float sum = 0;
    overlap(s, y, &top, &bottom);
    overlap(s, x, &left, &right);
    for (int row = top; row < bottom; row++) {
        const float *from = in + (size_t)((y * s->stride - s->pad + row) * s->size
                                          + x * s->stride - s->pad + left) * s->inputs;
        const float *by = weights + (size_t)(row * s->kernel + left) * s->inputs;
        for (int i = 0; i < (right - left) * s->inputs; i++) sum += from[i] * by[i];
    }
    return sum;
}

static void layer(const shape *s, const float *in, const float *weights, const float *factor,
                  const float *summand, int last, float *out) {
    size_t each = (size_t)s->kernel * s->kernel * s->inputs;
    int step = s->pool ? 2 : 1;
    for (int y = 0; y < s->left; y++)
        for (int x = 0; x < s->left; x++)
            for (int c = 0; c < s->outputs; c++) {
                const float *own = weights + each * (size_t)c;
                float best = window(s, in, own, y * step, x * step);
                for (int part = 1; part < step * step; part++) {
                    float other = window(s, in, own, y * step + part / 2, x * step + part % 2);
                    if (other > best) best = other;
                }
                best = best * factor[c] + summand[c];
                *out++ = !last && best < 0 ? 0 : best;
            }
}

int digits_predict(const uint8_t glyph[DIGITS_PIXELS], float probabilities[DIGITS_CLASSES]) {
    float logits[DIGITS_CLASSES], *in = work.values + FLOAT_FIRST, *out = work.values;
    for (int i = 0; i < DIGITS_PIXELS; i++) in[i] = (float)glyph[i] / 255;
    for (int i = 0; i < LAYERS; i++) {
        int last = i == LAYERS - 1;
        layer(&shapes[i], in, float_weights[i], float_factors[i], float_summands[i], last,
              last ? logits : out);
        float *next = in;
        in = out;
        out = next;
    }
    return softmax(logits, probabilities);
}
#endif

#if DIGITS_INT8
static int32_t window_int8(const shape *s, const uint8_t *in, const int8_t *weights, int y, int x) {
    int top, bottom, left, right;
    int32_t sum = 0;
    overlap(s, y, &top, &bottom);
    overlap(s, x, &left, &right);
    for (int row = top; row < bottom; row++) {
        const uint8_t *from = in + (size_t)((y * s->stride - s->pad + row) * s->size
                                            + x * s->stride - s->pad + left) * s->inputs;
        const int8_t *by = weights + (size_t)(row * s->kernel + left) * s->inputs;
        for (int i = 0; i < (right - left) * s->inputs; i++) sum += (int32_t)from[i] * by[i];
    }
    return sum;
}

static int32_t largest_int8(const shape *s, const uint8_t *in, const int8_t *own, int y, int x) {
    int step = s->pool ? 2 : 1;
    int32_t best = window_int8(s, in, own, y * step, x * step);
    for (int part = 1; part < step * step; part++) {
        int32_t other = window_int8(s, in, own, y * step + part / 2, x * step + part % 2);
        if (other > best) best = other;
    }
    return best;
}

int digits_predict_int8(const uint8_t glyph[DIGITS_PIXELS], float probabilities[DIGITS_CLASSES]) {
    float logits[DIGITS_CLASSES];
    const uint8_t *in = glyph;
    uint8_t *out = work.levels, *next = work.levels + INT8_FIRST;
    for (int i = 0; i < LAYERS; i++) {
        const shape *s = &shapes[i];
        size_t each = (size_t)s->kernel * s->kernel * s->inputs, at = 0;
        for (int y = 0; y < s->left; y++)
            for (int x = 0; x < s->left; x++)
                for (int c = 0; c < s->outputs; c++) {
                    int32_t sum = largest_int8(s, in, int8_weights[i] + each * (size_t)c, y, x);
                    if (i == LAYERS - 1) {
                        logits[c] = (float)sum * last_factors[c] + last_summands[c];
                        continue;
                    }
                    int64_t level = (int64_t)sum * int8_factors[i][c] + int8_summands[i][c];
                    level = level <= 0 ? 0 : level >> SHIFT; /* below 0 it would be rounded away */
                    out[at++] = level > 255 ? 255 : (uint8_t)level;
                }
        in = out;
        out = next;
        next = (uint8_t *)(uintptr_t)in;
    }
    return softmax(logits, probabilities);
}
#endif

/* ---- Framing. The arithmetic is OpenCV's, so that glyphs are those that tenfold makes. ---- */

static const uint16_t nibs[WIDEST + 1][NIB] = {
@NIBS@
};
static const float taps[TAPS] = {@GAUSSIAN@};

/* Part of a picture; of a crop (factor above 0) its ink is told from paper on the way. */
typedef struct {
    const uint8_t *pixels;
    int rows, columns, top, left, height, width;
    int paper, peak;
    float factor;
} picture;

static int nearest(double value) {
    int below = (int)value;
    if (below > value) below--;
    double rest = value - below;
    return below + (rest > 0.5 || (rest == 0.5 && below % 2 != 0));
}

static int byte(int value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

/* How far a pixel of a crop is from the paper, to the ink's side. */
static int level(const picture *p, int y, int x) {
    int grey = p->pixels[(size_t)y * (size_t)p->columns + (size_t)x];
    int found = p->paper < @DARK@ ? grey - p->paper : p->paper - grey;
    return found < 0 ? 0 : found;
}

static int inked(const picture *p, int y, int x) {
    return p->peak >= @FAINTEST_INK@ && level(p, y, x) * 100 > @INK@ * p->peak;
}

/* A pixel: as it is, or of a crop its ink where ink is near, a stroke's core being 255. */
static int at(const picture *p, int y, int x) {
    y += p->top;
    x += p->left;
    if (p->factor <= 0) return p->pixels[(size_t)y * (size_t)p->columns + (size_t)x];
    int own = level(p, y, x);
    if (own == 0) return 0;
    int near = 0;
    for (int row = y > 0 ? y - 1 : 0; row <= y + 1 && row < p->rows; row++)
        for (int column = x > 0 ? x - 1 : 0; column <= x + 1 && column < p->columns; column++)
            near |= inked(p, row, column);
    int soft = near ? byte(nearest((double)((float)own * p->factor))) : 0;
    return soft < @FAINTEST@ ? 0 : soft;
}

/* The share-th value of sorted ones, between two of them if it falls there. */
static double between(double one, double other, double place) {
    return one + (place - (int)place) * (other - one);
}

/* Leave out black borders; return 0 where all is black. */
static int crop(picture *p) {
    int top = p->height, bottom = -1, left = p->width, right = -1;
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++)
            if (at(p, y, x) > 0) {
                if (y < top) top = y;
                if (x < left) left = x;
                if (x > right) right = x;
                bottom = y;
            }
    if (bottom < 0) return 0;
    p->top += top;
    p->left += left;
    p->height = bottom - top + 1;
    p->width = right - left + 1;
    return 1;
}

/* Mean stroke width in pixels: twice the ink's area over the length of its outline. */
static double pen_width(const picture *p) {
    double ink = 0, edges = 0;
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            int own = at(p, y, x);
            ink += own;
            edges += (own > 127) != (x > 0 && at(p, y, x - 1) > 127);
            edges += (own > 127) != (y > 0 && at(p, y - 1, x) > 127);
            edges += x == p->width - 1 && own > 127;
            edges += y == p->height - 1 && own > 127;
        }
    double outline = edges * 3.14159265358979323846 / 4;
    return 2 * ink / 255 / (outline > 1 ? outline : 1);
}

/* Which pixels go into one, and how much of each: along one axis, from first to last, inclusive. */
typedef struct {
    int first, last;
    float head, middle, tail;
} area;

static area area_of(int place, double scale, int size) {
    double start = place * scale, end = start + scale;
    double cell = scale < size - start ? scale : size - start;
    int first = (int)start, last = (int)end;
    if (first < start) first++;
    if (last > size - 1) last = size - 1;
    if (first > last) first = last;
    area a = {first, last - 1, 0, (float)(1 / cell), 0};
    a.head = a.tail = a.middle;
    if (first - start > 1e-3) {
        a.first = first - 1;
        a.head = (float)((first - start) / cell);
    }
    if (end - last > 1e-3) {
        double rest = end - last < 1 ? end - last : 1;
        a.last = last;
        a.tail = (float)((rest < cell ? rest : cell) / cell);
    }
    return a;
}

static float share(const area *a, int place) {
    return place == a->first ? a->head : place == a->last ? a->tail : a->middle;
}

static int mean(const picture *p, int y, int x, double down, double across) {
    int rows = (int)down, columns = (int)across;
    if (rows == down && columns == across) { /* whole pixels */
        int sum = 0;
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
                sum += at(p, y * rows + row, x * columns + column);
        if (rows == 2 && columns == 2) return (sum + 2) >> 2;
        return byte(nearest((double)((float)sum * (1.0f / (float)(rows * columns)))));
    }
    area v = area_of(y, down, p->height), h = area_of(x, across, p->width);
    float sum = 0;
    for (int row = v.first; row <= v.last; row++) {
        float line = 0;
        for (int column = h.first; column <= h.last; column++)
            line += (float)at(p, row, column) * share(&h, column);
        sum += line * share(&v, row);
    }
    return byte(nearest((double)sum));
}

/* The pixels on either side of a place, and how much of the second counts, of 2,048. */
static void sides(int place, double scale, int size, int *one, int *other, int *parts) {
    float exact = (float)((place + 0.5) * scale - 0.5);
    int below = exact < 0 ? -1 : (int)exact;
    float rest = exact - (float)below;
    *one = below < 0 ? 0 : below;
    *other = below + 1 > size - 1 ? size - 1 : below + 1;
    *parts = nearest((double)(rest * 2048));
}

static int linear(const picture *p, int y, int x, double down, double across) {
    int above, below, left, right, v, h;
    sides(y, down, p->height, &above, &below, &v);
    sides(x, across, p->width, &left, &right, &h);
    int32_t top = at(p, above, left) * (2048 - h) + at(p, above, right) * h;
    int32_t bottom = at(p, below, left) * (2048 - h) + at(p, below, right) * h;
    return byte(((((2048 - v) * (top >> 4)) >> 16) + ((v * (bottom >> 4)) >> 16) + 2) >> 2);
}

/* Resize so that the longer side has this length; out has rows of columns pixels. */
static picture resize(const picture *p, int longest, uint8_t *out, int columns) {
    int now = p->height > p->width ? p->height : p->width;
    double scale = longest / (double)now;
    picture done = {0};
    done.height = nearest(p->height * scale);
    done.width = nearest(p->width * scale);
    if (done.height < 1) done.height = 1;
    if (done.width < 1) done.width = 1;
    done.pixels = out;
    done.rows = done.height;
    done.columns = columns;
    double down = 1 / (done.height / (double)p->height);
    double across = 1 / (done.width / (double)p->width);
    for (int y = 0; y < done.height; y++)
        for (int x = 0; x < done.width; x++) {
            int value = longest == now ? at(p, y, x)
                        : scale < 1    ? mean(p, y, x, down, across)
                                       : linear(p, y, x, down, across);
            out[y * columns + x] = (uint8_t)value;
        }
    return done;
}

/* Widen the pen of a fine picture, which has room around it. */
static picture widen(const picture *fine, int width) {
    picture done = {0};
    int peak = 1;
    done.pixels = work.pen.broad;
    done.columns = BROAD;
    done.rows = done.height = fine->height + 2 * width;
    done.width = fine->width + 2 * width;
    for (int y = 0; y < done.height; y++)
        for (int x = 0; x < done.width; x++) {
            int most = 0;
            for (int row = 0; row < NIB; row++)
                for (int column = 0; column < NIB; column++) {
                    int py = y - width + row - NIB / 2, px = x - width + column - NIB / 2;
                    if (!(nibs[width][row] >> column & 1) || py < 0 || px < 0 || py >= fine->height
                        || px >= fine->width)
                        continue;
                    int value = fine->pixels[py * fine->columns + px];
                    if (value > most) most = value;
                }
            work.pen.broad[y * BROAD + x] = (uint8_t)most;
            if (most > peak) peak = most;
        }
    float factor = (float)(255 / (double)peak);
    for (int y = 0; y < done.height; y++)
        for (int x = 0; x < done.width; x++) {
            uint8_t *pixel = &work.pen.broad[y * BROAD + x];
            *pixel = (uint8_t)byte(nearest((double)((float)*pixel * factor)));
        }
    crop(&done);
    return done;
}

/* Scale to the box with a pen that survives it. */
static picture fit(const picture *p, uint8_t small[BOX * BOX]) {
    int longest = p->height > p->width ? p->height : p->width;
    double pen = pen_width(p) * BOX / longest;
    if (longest <= BOX || pen >= @THINNEST@) return resize(p, BOX, small, BOX);
    double zoom = longest > FINE ? FINE / (double)longest : 1;
    picture fine = resize(p, nearest(longest * zoom), work.pen.fine, BROAD);
    int width = nearest((@THIN@ - pen) * longest * zoom / BOX);
    if (width >= 1) fine = widen(&fine, width < WIDEST ? width : WIDEST);
    return resize(&fine, BOX, small, BOX);
}

static void sort(float *values, int count) {
    for (int gap = count / 2; gap > 0; gap /= 2)
        for (int i = gap; i < count; i++)
            for (int j = i; j >= gap && values[j - gap] > values[j]; j -= gap) {
                float value = values[j];
                values[j] = values[j - gap];
                values[j - gap] = value;
            }
}

static double root(double value) {
    double found = value > 1 ? value : 1;
    for (int i = 0; i < 40; i++) found = (found + value / found) / 2;
    return found;
}

/* A pixel beyond the border is the one as far within. */
static int mirrored(int place) {
    return place < 0 ? -place : place >= FIELD ? 2 * (FIELD - 1) - place : place;
}

static int slope_of(const uint8_t *glyph, int y, int x, int down, int aside) {
    int sum = 0;
    for (int i = -1; i <= 1; i++) {
        int weight = i == 0 ? 2 : 1, rows[2], columns[2];
        for (int end = 0; end < 2; end++) {
            rows[end] = mirrored(y + (down ? 2 * end - 1 : i));
            columns[end] = mirrored(x + (aside ? 2 * end - 1 : i));
        }
        sum += weight * (glyph[rows[1] * FIELD + columns[1]] - glyph[rows[0] * FIELD + columns[0]]);
    }
    return sum;
}

/* Sharpen a glyph whose edges are softer than those of any digit of MNIST. */
static void sharpen(uint8_t *glyph) {
    float *sorted = work.edge.one, *blurred = work.edge.one, *rows = work.edge.other;
    int count = 0;
    for (int i = 0; i < DIGITS_PIXELS; i++)
        if (glyph[i] > @INKED@) {
            int down = slope_of(glyph, i / FIELD, i % FIELD, 1, 0);
            int aside = slope_of(glyph, i / FIELD, i % FIELD, 0, 1);
            sorted[count++] = (float)(down * down + aside * aside);
        }
    if (count == 0) return;
    sort(sorted, count);
    double place = @FULL_INK@ / 100.0 * (count - 1);
    int below = (int)place, above = below + 1 < count ? below + 1 : count - 1;
    if (between(root((double)sorted[below]), root((double)sorted[above]), place) >= @STEEP@) return;
    for (int i = 0; i < DIGITS_PIXELS; i++) {
        float sum = 0;
        for (int tap = 0; tap < TAPS; tap++)
            sum += taps[tap] * glyph[i / FIELD * FIELD + mirrored(i % FIELD + tap - TAPS / 2)];
        rows[i] = sum;
    }
    for (int i = 0; i < DIGITS_PIXELS; i++) {
        float sum = 0;
        for (int tap = 0; tap < TAPS; tap++)
            sum += taps[tap] * rows[mirrored(i / FIELD + tap - TAPS / 2) * FIELD + i % FIELD];
        blurred[i] = sum;
    }
    count = 0;
    for (int i = 0; i < DIGITS_PIXELS; i++) {
        blurred[i] = glyph[i] + @SHARPEN@f * (glyph[i] - blurred[i]);
        if (glyph[i] > @INKED@) rows[count++] = blurred[i];
    }
    sort(rows, count);
    double most = between((double)rows[below], (double)rows[above], place);
    float factor = (float)(255 / (most > 1 ? most : 1));
    for (int i = 0; i < DIGITS_PIXELS; i++) {
        float sharp = blurred[i] * factor;
        glyph[i] = sharp <= 0 ? 0 : sharp >= 255 ? 255 : (uint8_t)sharp;
    }
}

/* The level of the paper: the median of the border. */
static int paper_of(const uint8_t *grey, int height, int width) {
    uint32_t *counts = work.counts, seen = 0, middle = (uint32_t)(height + width - 1);
    memset(counts, 0, sizeof work.counts);
    for (int x = 0; x < width; x++) {
        counts[grey[x]]++;
        counts[grey[(size_t)(height - 1) * (size_t)width + (size_t)x]]++;
    }
    for (int y = 0; y < height; y++) {
        counts[grey[(size_t)y * (size_t)width]]++;
        counts[grey[(size_t)y * (size_t)width + (size_t)(width - 1)]]++;
    }
    int paper = 0;
    while ((seen += counts[paper]) <= middle) paper++;
    return paper;
}

/* How inky a stroke's core is; below 0 where there is no ink. */
static double full_ink(const picture *p) {
    uint32_t *counts = work.counts, total = 0, seen = 0;
    memset(counts, 0, sizeof work.counts);
    for (int y = 0; y < p->rows; y++)
        for (int x = 0; x < p->columns; x++)
            if (inked(p, y, x)) {
                counts[level(p, y, x)]++;
                total++;
            }
    if (total == 0) return -1;
    double place = @FULL_INK@ / 100.0 * ((double)total - 1);
    int one = 0, other;
    while ((seen += counts[one]) <= (uint32_t)place) one++;
    for (other = one; seen <= (uint32_t)place + 1 && seen < total;) seen += counts[++other];
    return between(one, other, place);
}

int digits_frame(const uint8_t *grey, int height, int width, uint8_t glyph[DIGITS_PIXELS]) {
    uint8_t small[BOX * BOX];
    picture p = {grey, height, width, 0, 0, height, width, 0, 0, 0};
    memset(glyph, 0, DIGITS_PIXELS);
    if (height < 1 || width < 1 || height > 32767 || width > 32767) return 0;
    p.paper = paper_of(grey, height, width);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (level(&p, y, x) > p.peak) p.peak = level(&p, y, x);
    double full = full_ink(&p);
    if (full < 0) return 0;
    p.factor = (float)(255 / (full > 1 ? full : 1));
    if (!crop(&p)) return 0;
    picture fitted = fit(&p, small);
    double total = 1e-9, down = 0, aside = 0;
    for (int y = 0; y < fitted.height; y++)
        for (int x = 0; x < fitted.width; x++) {
            int value = at(&fitted, y, x);
            total += value;
            down += (double)value * y;
            aside += (double)value * x;
        }
    int top = nearest(FIELD / 2.0 - down / total), left = nearest(FIELD / 2.0 - aside / total);
    if (top > FIELD - fitted.height) top = FIELD - fitted.height;
    if (left > FIELD - fitted.width) left = FIELD - fitted.width;
    if (top < 0) top = 0;
    if (left < 0) left = 0;
    for (int y = 0; y < fitted.height; y++)
        for (int x = 0; x < fitted.width; x++)
            glyph[(top + y) * FIELD + left + x] = (uint8_t)at(&fitted, y, x);
    sharpen(glyph);
    return 1;
}
