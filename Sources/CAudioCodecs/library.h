#pragma once

#include "CAudioCodecs.h"

#if __has_include(<sndfile.h>)
#include <sndfile.h>
#elif __has_include("/opt/homebrew/include/sndfile.h")
#include "/opt/homebrew/include/sndfile.h"
#else
#include "/usr/local/include/sndfile.h"
#endif

#if __has_include(<soxr.h>)
#include <soxr.h>
#elif __has_include("/opt/homebrew/include/soxr.h")
#include "/opt/homebrew/include/soxr.h"
#else
#include "/usr/local/include/soxr.h"
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

/// The library's functions, all null where it is missing.
const SoundFileFunctions *sound_file_functions(void);
const ResamplerFunctions *resampler_functions(void);
