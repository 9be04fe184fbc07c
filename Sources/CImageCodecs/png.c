#include "CImageCodecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Text chunks may unpack to far more than the file; this many are kept, and each may hold 8 MB.
enum { kept_chunks = 32, chunk_bytes = 8000000 };

typedef struct {
    png_structp png;
    png_infop info;
    const uint8_t *next;
    size_t left;
} PNGState;

static void remember_error(png_structp png, png_const_charp message) {
    ImageDecoder *decoder = png_get_error_ptr(png);
    snprintf(decoder->message, sizeof decoder->message, "%s", message);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static bool is_reading_chunk_header(png_structp png) {
    return (png_get_io_state(png) & PNG_IO_MASK_LOC) == PNG_IO_CHUNK_HDR;
}

/// Gives the library its next bytes; of a chunk that is longer than the file not even the header, because memory
/// for the whole chunk would come next.
static void read_bytes(png_structp png, png_bytep into, size_t count) {
    ImageDecoder *decoder = png_get_io_ptr(png);
    PNGState *state = decoder->state;
    bool fits = count <= state->left;
    if (fits && count == 8 && is_reading_chunk_header(png)) fits = png_get_uint_32(state->next) <= state->left - count;
    if (!fits) {
        decoder->truncated = true;
        png_error(png, "the file ends early");
    }
    memcpy(into, state->next, count);
    state->next += count;
    state->left -= count;
}

/// Skips every chunk that can change nothing here, and keeps `eXIf` unparsed.
static void choose_chunks(png_structp png) {
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "tEXt\0zTXt\0iTXt", 3);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep) "eXIf", 1);
}

bool png_decoder_open(ImageDecoder *decoder, const uint8_t *bytes, size_t count) {
    *decoder = (ImageDecoder){0};
    PNGState *state = calloc(1, sizeof *state);
    if (!state) return false;
    decoder->state = state;
    state->next = bytes;
    state->left = count;
    state->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder, remember_error, ignore_warning);
    if (!state->png) return false;
    state->info = png_create_info_struct(state->png);
    if (!state->info || setjmp(png_jmpbuf(state->png))) return false;

    png_structp png = state->png;
    png_set_read_fn(png, decoder, read_bytes);
    png_set_benign_errors(png, 1);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_cache_max(png, kept_chunks);
    png_set_chunk_malloc_max(png, count > chunk_bytes ? count : chunk_bytes);
    choose_chunks(png);
    png_read_info(png, state->info);
    decoder->width = png_get_image_width(png, state->info);
    decoder->height = png_get_image_height(png, state->info);
    return true;
}

/// The colours of a row's indices or levels; what no entry names is black.
typedef struct {
    uint8_t colors[256][3];
} ColorTable;

static ColorTable palette_table(png_structp png, png_infop info) {
    ColorTable table = {0};
    png_colorp palette = NULL;
    int count = 0;
    png_get_PLTE(png, info, &palette, &count);
    for (int index = 0; index < count; index++) {
        table.colors[index][0] = palette[index].red;
        table.colors[index][1] = palette[index].green;
        table.colors[index][2] = palette[index].blue;
    }
    return table;
}

static ColorTable grey_table(int depth) {
    ColorTable table = {0};
    int levels = depth < 8 ? 1 << depth : 256;
    for (int level = 0; level < levels; level++) memset(table.colors[level], level * 255 / (levels - 1), 3);
    return table;
}

/// Widens a row of `width` samples to three bytes each, in place and hence from its end.
static void widen_row(uint8_t *row, size_t width, const ColorTable *table) {
    for (size_t x = width; x-- > 0;) memcpy(row + 3 * x, table->colors[row[x]], 3);
}

/// 16-bit grey without alpha saturates at 255, as it does in the reference.
static void saturate_row(uint8_t *row, size_t width) {
    for (size_t x = 0; x < width; x++) row[x] = row[2 * x] ? 255 : row[2 * x + 1];
}

static void collect_metadata(ImageDecoder *decoder) {
    PNGState *state = decoder->state;
    png_unknown_chunkp chunks = NULL;
    int count = png_get_unknown_chunks(state->png, state->info, &chunks);
    for (int index = 0; index < count; index++) {
        if (memcmp(chunks[index].name, "eXIf", 4) == 0) decoder->exif = (ImageBytes){chunks[index].data, chunks[index].size};
    }
    png_textp texts = NULL;
    count = png_get_text(state->png, state->info, &texts, NULL);
    for (int index = 0; index < count; index++) {
        if (!texts[index].text) continue;
        size_t length = texts[index].compression > 0 ? texts[index].itxt_length : texts[index].text_length;
        ImageBytes text = {(const uint8_t *)texts[index].text, length};
        if (strcmp(texts[index].key, "XML:com.adobe.xmp") == 0) decoder->xmp = text;
        if (strcmp(texts[index].key, "Raw profile type exif") == 0) decoder->hexadecimalExif = text;
    }
}

/// Reads what follows the pixels, forgiving all but a damaged end of the pixels themselves.
static bool finish(ImageDecoder *decoder) {
    PNGState *state = decoder->state;
    if (setjmp(png_jmpbuf(state->png))) {
        return is_reading_chunk_header(state->png) || png_get_io_chunk_type(state->png) != 0x49444154 /* IDAT */;
    }
    png_read_end(state->png, state->info);
    return true;
}

bool png_decoder_read(ImageDecoder *decoder, uint8_t *pixels) {
    PNGState *state = decoder->state;
    png_structp png = state->png;
    size_t width = decoder->width, height = decoder->height;
    int color_type = png_get_color_type(png, state->info);
    int depth = png_get_bit_depth(png, state->info);
    bool deep_grey = color_type == PNG_COLOR_TYPE_GRAY && depth == 16;
    bool colored = color_type == PNG_COLOR_TYPE_RGB || color_type == PNG_COLOR_TYPE_RGB_ALPHA;
    if (setjmp(png_jmpbuf(png))) return false;

    png_set_packing(png);
    if (color_type & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(png);
    if (!deep_grey) png_set_strip_16(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, state->info);
    // Grey and indices come as one or two bytes a pixel, and use the front of the row they are widened in.
    if (png_get_rowbytes(png, state->info) > 3 * width) png_error(png, "unexpected row length");

    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++) png_read_row(png, pixels + 3 * width * y, NULL);
    }
    if (!finish(decoder)) return false;
    if (!colored) {
        ColorTable table = color_type == PNG_COLOR_TYPE_PALETTE ? palette_table(png, state->info) : grey_table(depth);
        for (size_t y = 0; y < height; y++) {
            if (deep_grey) saturate_row(pixels + 3 * width * y, width);
            widen_row(pixels + 3 * width * y, width, &table);
        }
    }
    decoder->truncated = false;
    collect_metadata(decoder);
    return true;
}

void png_decoder_close(ImageDecoder *decoder) {
    PNGState *state = decoder->state;
    if (!state) return;
    if (state->png) png_destroy_read_struct(&state->png, &state->info, NULL);
    free(state);
    decoder->state = NULL;
}
