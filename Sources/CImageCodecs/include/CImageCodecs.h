#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Decoding PNG and JPEG from memory to 8-bit RGB, in two steps, so that the size can be judged before any
// pixel is allocated. The libraries report errors by longjmp; it never leaves these functions.

/// A run of bytes inside the file or the decoder; empty if `bytes` is null.
typedef struct {
    const uint8_t *bytes;
    size_t count;
} ImageBytes;

/// One file being decoded.
typedef struct {
    /// Pixels, known once the header is read.
    uint32_t width, height;
    /// What went wrong, in the library's words, after a function has returned false.
    char message[256];
    /// Whether the file ended too early.
    bool truncated;
    /// Where an orientation may stand; complete once the pixels are read.
    ImageBytes exif, xmp, hexadecimalExif;
    /// The library's state.
    void *state;
} ImageDecoder;

/// Reads the header of a PNG file that stays in memory until the decoder is closed.
bool png_decoder_open(ImageDecoder *decoder, const uint8_t *bytes, size_t count);
/// Decodes to `3 * width * height` bytes, rows from the top, red green blue.
bool png_decoder_read(ImageDecoder *decoder, uint8_t *pixels);
/// Frees what the decoder holds; must follow every open, successful or not.
void png_decoder_close(ImageDecoder *decoder);

/// Reads the header of a JPEG file that stays in memory until the decoder is closed.
bool jpeg_decoder_open(ImageDecoder *decoder, const uint8_t *bytes, size_t count);
/// Decodes to `3 * width * height` bytes, rows from the top, red green blue.
bool jpeg_decoder_read(ImageDecoder *decoder, uint8_t *pixels);
/// Frees what the decoder holds; must follow every open, successful or not.
void jpeg_decoder_close(ImageDecoder *decoder);
