#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Decoding sound files with libsndfile and libmpg123, and changing their sample rate with libsoxr. None of them is linked:
// they are looked for when they are first used, so that a program starts, and does everything else, without them.

/// A library that is loaded when it is first needed.
typedef enum {
    audio_library_sndfile,
    audio_library_mpg123,
    audio_library_soxr,
} AudioLibrary;

/// Loads a library, once for all threads; false if this machine has none, or had no headers of it when this was built.
bool audio_library_load(AudioLibrary library);

// MARK: Decoding

/// Bytes that the decoder sees in place of those of the file: a size that was not known when it was written.
typedef struct {
    int64_t offset;
    int32_t count;
    uint8_t bytes[8];
} AudioCorrection;

/// Where the bytes of a file are: in memory, or behind an open descriptor, which is read by position only.
typedef struct {
    /// Null if they are behind `descriptor`.
    const uint8_t *bytes;
    int descriptor;
    int64_t count;
    AudioCorrection corrections[4];
    int32_t correction_count;
} AudioSource;

/// Adds a correction of up to eight bytes; a fifth one is left out.
void audio_source_correct(AudioSource *source, int64_t offset, const uint8_t *bytes, int32_t count);

/// One file being decoded.
typedef struct {
    /// Known once the file is open; `frames` is what the header says, INT64_MAX if it does not.
    int64_t frames;
    int32_t channels, sample_rate;
    /// What went wrong, in the library's words, after opening or reading has failed; empty if it knows the format not at all.
    char message[256];
    /// Whether the system could not read the file.
    bool read_failed;
    /// The library's state.
    void *state;
} AudioDecoder;

/// Reads the header. `source` must stay until the decoder is closed, and `audio_library_sndfile` must be loaded.
bool sound_file_open(AudioDecoder *decoder, const AudioSource *source);
/// Decodes up to `count` frames of `channels` samples each; returns how many, 0 at the end or where it cannot go on,
/// which `message` then tells apart.
int64_t sound_file_read(AudioDecoder *decoder, float *frames, int64_t count);
/// Frees what the decoder holds; must follow every open, successful or not.
void sound_file_close(AudioDecoder *decoder);

// The same for MPEG audio with `audio_library_mpg123`, which libsndfile uses as well but lets write warnings to the
// standard error stream.
bool mpeg_open(AudioDecoder *decoder, const AudioSource *source);
int64_t mpeg_read(AudioDecoder *decoder, float *frames, int64_t count);
void mpeg_close(AudioDecoder *decoder);

// MARK: Resampling

/// Begins a conversion of one channel between two sample rates, in high quality; null if there is no memory.
/// `audio_library_soxr` must be loaded.
void *audio_resampler_open(double input_rate, double output_rate);
/// Converts: `taken` says how many input samples were used up. Null input asks for what is left at the end.
/// Returns how many output samples were written, or −1 if the library failed.
int64_t audio_resampler_process(void *resampler, const float *input, size_t input_count, size_t *taken, float *output,
                                size_t output_capacity);
/// Frees a resampler; null is let pass.
void audio_resampler_close(void *resampler);
