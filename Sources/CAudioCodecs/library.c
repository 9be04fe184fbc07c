#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#if defined(__APPLE__)
static const char *const sndfile_names[] = {
    "libsndfile.1.dylib", "/opt/homebrew/lib/libsndfile.1.dylib", "/usr/local/lib/libsndfile.1.dylib", NULL};
#ifdef HAS_MPG123
static const char *const mpg123_names[] = {
    "libmpg123.0.dylib", "/opt/homebrew/lib/libmpg123.0.dylib", "/usr/local/lib/libmpg123.0.dylib", NULL};
#endif
static const char *const soxr_names[] = {
    "libsoxr.0.dylib", "/opt/homebrew/lib/libsoxr.0.dylib", "/usr/local/lib/libsoxr.0.dylib", NULL};
#else
static const char *const sndfile_names[] = {"libsndfile.so.1", NULL};
#ifdef HAS_MPG123
static const char *const mpg123_names[] = {"libmpg123.so.0", NULL};
#endif
static const char *const soxr_names[] = {"libsoxr.so.0", NULL};
#endif

static SoundFileFunctions sndfile;
static ResamplerFunctions soxr;

static void *open_first(const char *const *names) {
    for (; *names; names++) {
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
        if (library) return library;
    }
    return NULL;
}

static void load_sndfile(void) {
    void *library = open_first(sndfile_names);
    if (!library) return;
    SoundFileFunctions found = {
        .open = (__typeof__(sf_open_virtual) *)dlsym(library, "sf_open_virtual"),
        .read = (__typeof__(sf_readf_float) *)dlsym(library, "sf_readf_float"),
        .close = (__typeof__(sf_close) *)dlsym(library, "sf_close"),
        .error = (__typeof__(sf_error) *)dlsym(library, "sf_error"),
        .message = (__typeof__(sf_strerror) *)dlsym(library, "sf_strerror"),
    };
    if (found.open && found.read && found.close && found.error && found.message) sndfile = found;
}

static void load_soxr(void) {
    void *library = open_first(soxr_names);
    if (!library) return;
    ResamplerFunctions found = {
        .create = (__typeof__(soxr_create) *)dlsym(library, "soxr_create"),
        .process = (__typeof__(soxr_process) *)dlsym(library, "soxr_process"),
        .destroy = (__typeof__(soxr_delete) *)dlsym(library, "soxr_delete"),
    };
    if (found.create && found.process && found.destroy) soxr = found;
}

const SoundFileFunctions *sound_file_functions(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_sndfile);
    return &sndfile;
}

const ResamplerFunctions *resampler_functions(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_soxr);
    return &soxr;
}

#ifdef HAS_MPG123
static MPEGFunctions mpg123;

static void load_mpg123(void) {
    void *library = open_first(mpg123_names);
    if (!library) return;
    MPEGFunctions found = {
        .initialize = (__typeof__(mpg123_init) *)dlsym(library, "mpg123_init"),
        .create = (__typeof__(mpg123_new) *)dlsym(library, "mpg123_new"),
        .set = (__typeof__(mpg123_param) *)dlsym(library, "mpg123_param"),
        .open = (__typeof__(mpg123_open_feed) *)dlsym(library, "mpg123_open_feed"),
        .feed = (__typeof__(mpg123_feed) *)dlsym(library, "mpg123_feed"),
        .read = (__typeof__(mpg123_read) *)dlsym(library, "mpg123_read"),
        .format = (__typeof__(mpg123_getformat) *)dlsym(library, "mpg123_getformat"),
        .message = (__typeof__(mpg123_strerror) *)dlsym(library, "mpg123_strerror"),
        .destroy = (__typeof__(mpg123_delete) *)dlsym(library, "mpg123_delete"),
    };
    bool complete = found.initialize && found.create && found.set && found.open && found.feed && found.read && found.format
        && found.message && found.destroy;
    // Needed once before version 1.27.
    if (complete && found.initialize() == MPG123_OK) mpg123 = found;
}

const MPEGFunctions *mpeg_functions(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_mpg123);
    return &mpg123;
}
#endif

bool audio_library_load(AudioLibrary library) {
    switch (library) {
    case audio_library_sndfile: return sound_file_functions()->open != NULL;
#ifdef HAS_MPG123
    case audio_library_mpg123: return mpeg_functions()->create != NULL;
#else
    case audio_library_mpg123: return false;
#endif
    case audio_library_soxr: return resampler_functions()->create != NULL;
    }
    return false;
}
