#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    ImageDecoder *decoder;
    uint8_t *exif, *xmp;
    int allowed_scans;
} JPEGState;

static void remember_error(j_common_ptr codec) {
    JPEGState *state = codec->client_data;
    char message[JMSG_LENGTH_MAX];
    codec->err->format_message(codec, message);
    snprintf(state->decoder->message, sizeof state->decoder->message, "%s", message);
    longjmp(state->escape, 1);
}

static void fail(JPEGState *state, const char *message) {
    snprintf(state->decoder->message, sizeof state->decoder->message, "%s", message);
    longjmp(state->escape, 1);
}

static void ignore_message(j_common_ptr codec) { (void)codec; }
static void ignore_warning(j_common_ptr codec, int level) {
    (void)codec;
    (void)level;
}

// MARK: - Reading from memory; what is asked for beyond the end is an error, not made up.

static void do_nothing(j_decompress_ptr codec) { (void)codec; }

static boolean end_of_file(j_decompress_ptr codec) {
    JPEGState *state = codec->client_data;
    state->decoder->truncated = true;
    fail(state, "the file ends early");
    return FALSE;
}

static void skip_bytes(j_decompress_ptr codec, long count) {
    if (count <= 0) return;
    if ((size_t)count > codec->src->bytes_in_buffer) end_of_file(codec);
    codec->src->next_input_byte += count;
    codec->src->bytes_in_buffer -= (size_t)count;
}

// MARK: - Bounding the work: each scan of a progressive file costs a pass over all pixels.

static void count_scans(j_common_ptr common) {
    JPEGState *state = common->client_data;
    if (state->codec.input_scan_number > state->allowed_scans) fail(state, "too many scans");
}

static int allowed_scans(double pixels) {
    double scans = 4e9 / pixels;
    return scans < 32 ? 32 : scans > 500 ? 500 : (int)scans;
}

// MARK: - Markers

static bool begins(const struct jpeg_marker_struct *marker, const char *prefix, size_t count) {
    return marker->marker == JPEG_APP0 + 1 && marker->data_length >= count && memcmp(marker->data, prefix, count) == 0;
}

/// Joins what follows a prefix in all markers that begin with it; a copy, since decoding frees the markers.
static ImageBytes copy_markers(jpeg_saved_marker_ptr markers, const char *prefix, size_t count, uint8_t **copy) {
    size_t total = 0;
    for (jpeg_saved_marker_ptr marker = markers; marker; marker = marker->next) {
        if (begins(marker, prefix, count)) total += marker->data_length - count;
    }
    if (total == 0 || !(*copy = malloc(total))) return (ImageBytes){0};
    uint8_t *next = *copy;
    for (jpeg_saved_marker_ptr marker = markers; marker; marker = marker->next) {
        if (!begins(marker, prefix, count)) continue;
        memcpy(next, marker->data + count, marker->data_length - count);
        next += marker->data_length - count;
    }
    return (ImageBytes){*copy, total};
}

/// EXIF may be split over several markers; of XMP the last counts.
static void collect_metadata(JPEGState *state) {
    static const char exif[] = "Exif\0", xmp[] = "http://ns.adobe.com/xap/1.0/";
    jpeg_saved_marker_ptr markers = state->codec.marker_list, last = markers;
    for (jpeg_saved_marker_ptr marker = markers; marker; marker = marker->next) {
        if (begins(marker, xmp, sizeof xmp)) last = marker;
    }
    state->decoder->exif = copy_markers(markers, exif, sizeof exif, &state->exif);
    state->decoder->xmp = copy_markers(last, xmp, sizeof xmp, &state->xmp);
}

// MARK: - Decoding

bool jpeg_decoder_open(ImageDecoder *decoder, const uint8_t *bytes, size_t count) {
    *decoder = (ImageDecoder){0};
    JPEGState *state = calloc(1, sizeof *state);
    if (!state) return false;
    decoder->state = state;
    state->decoder = decoder;
    j_decompress_ptr codec = &state->codec;
    codec->err = jpeg_std_error(&state->errors);
    codec->client_data = state;
    state->errors.error_exit = remember_error;
    state->errors.output_message = ignore_message;
    state->errors.emit_message = ignore_warning;
    if (setjmp(state->escape)) return false;

    jpeg_create_decompress(codec);
    state->source = (struct jpeg_source_mgr){
        .next_input_byte = bytes,
        .bytes_in_buffer = count,
        .init_source = do_nothing,
        .fill_input_buffer = end_of_file,
        .skip_input_data = skip_bytes,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = do_nothing,
    };
    codec->src = &state->source;
    jpeg_save_markers(codec, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(codec, TRUE);
    if (codec->num_components != 1 && codec->num_components != 3 && codec->num_components != 4) {
        fail(state, "neither grey, colour nor CMYK");
    }
    decoder->width = codec->image_width;
    decoder->height = codec->image_height;
    collect_metadata(state);
    return true;
}

/// Inks to RGB as the reference mixes them; the file's values are taken as inverted, whatever its markers say.
static void mix_inks(const uint8_t *inks, uint8_t *pixels, size_t width) {
    for (size_t x = 0; x < width; x++) {
        int light = inks[4 * x + 3];
        for (int channel = 0; channel < 3; channel++) {
            int product = (255 - inks[4 * x + channel]) * light + 128;
            int value = light - ((product + (product >> 8)) >> 8);
            pixels[3 * x + channel] = (uint8_t)(value < 0 ? 0 : value);
        }
    }
}

bool jpeg_decoder_read(ImageDecoder *decoder, uint8_t *pixels) {
    JPEGState *state = decoder->state;
    j_decompress_ptr codec = &state->codec;
    if (setjmp(state->escape)) return false;

    size_t width = decoder->width;
    state->allowed_scans = allowed_scans((double)width * decoder->height);
    state->progress.progress_monitor = count_scans;
    codec->progress = &state->progress;
    codec->out_color_space = codec->num_components == 4 ? JCS_CMYK : JCS_RGB;
    JSAMPARRAY inks = NULL;
    if (codec->num_components == 4) {
        inks = codec->mem->alloc_sarray((j_common_ptr)codec, JPOOL_IMAGE, (JDIMENSION)(4 * width), 1);
    }
    jpeg_start_decompress(codec);
    if (codec->output_width != decoder->width || codec->output_height != decoder->height) fail(state, "unexpected size");
    while (codec->output_scanline < codec->output_height) {
        uint8_t *row = pixels + 3 * width * codec->output_scanline;
        JSAMPROW target = inks ? inks[0] : row;
        jpeg_read_scanlines(codec, &target, 1);
        if (inks) mix_inks(inks[0], row, width);
    }
    jpeg_finish_decompress(codec);
    return true;
}

void jpeg_decoder_close(ImageDecoder *decoder) {
    JPEGState *state = decoder->state;
    if (!state) return;
    jpeg_destroy_decompress(&state->codec);
    free(state->exif);
    free(state->xmp);
    free(state);
    decoder->state = NULL;
}
