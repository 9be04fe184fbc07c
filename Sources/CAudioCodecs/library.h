#pragma once

#include "CAudioCodecs.h"

#if __has_include(<sndfile.h>)
#include <sndfile.h>
#elif __has_include("/opt/homebrew/include/sndfile.h")
#include "/opt/homebrew/include/sndfile.h"
#elif __has_include("/usr/local/include/sndfile.h")
#include "/usr/local/include/sndfile.h"
#else
#error "sndfile.h is missing: run `make setup`, or install libsndfile1-dev (Homebrew: libsndfile)"
#endif

#if __has_include(<soxr.h>)
#include <soxr.h>
#elif __has_include("/opt/homebrew/include/soxr.h")
#include "/opt/homebrew/include/soxr.h"
#elif __has_include("/usr/local/include/soxr.h")
#include "/usr/local/include/soxr.h"
#else
#error "soxr.h is missing: run `make setup`, or install libsoxr-dev (Homebrew: libsoxr)"
#endif

// Without this one, which includes another header of its own and so must stand where the compiler looks, libsndfile decodes
// MPEG.
#if __has_include(<mpg123.h>)
#include <mpg123.h>
#define HAS_MPG123 1
#endif

/// The functions of libsndfile that are used.
typedef struct {
    __typeof__(sf_open_virtual) *open;
    __typeof__(sf_readf_float) *read;
    __typeof__(sf_close) *close;
    __typeof__(sf_error) *error;
    __typeof__(sf_strerror) *message;
} SoundFileFunctions;

/// The functions of libsoxr that are used.
typedef struct {
    __typeof__(soxr_create) *create;
    __typeof__(soxr_process) *process;
    __typeof__(soxr_delete) *destroy;
} ResamplerFunctions;

#ifdef HAS_MPG123
/// The functions of libmpg123 that are used.
typedef struct {
    __typeof__(mpg123_init) *initialize;
    __typeof__(mpg123_new) *create;
    __typeof__(mpg123_param) *set;
    __typeof__(mpg123_open_feed) *open;
    __typeof__(mpg123_feed) *feed;
    __typeof__(mpg123_read) *read;
    __typeof__(mpg123_getformat) *format;
    __typeof__(mpg123_strerror) *message;
    __typeof__(mpg123_delete) *destroy;
} MPEGFunctions;

const MPEGFunctions *mpeg_functions(void);
#endif

/// Reads bytes of a source, corrected, at any position; fewer at the end, or where `failed` is set.
int64_t audio_source_read(const AudioSource *source, int64_t position, void *into, int64_t count, bool *failed);

/// The library's functions, all null where it is missing.
const SoundFileFunctions *sound_file_functions(void);
const ResamplerFunctions *resampler_functions(void);
