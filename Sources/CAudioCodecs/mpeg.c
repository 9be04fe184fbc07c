#include "library.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAS_MPG123

typedef struct {
    const AudioSource *source;
    int64_t position;
    mpg123_handle *handle;
    uint8_t buffer[16384];
} MPEGState;

static bool fail(AudioDecoder *decoder, const char *message) {
    snprintf(decoder->message, sizeof decoder->message, "%s", message ? message : "unknown error");
    return false;
}

/// Gives the library the next bytes of the file; false at its end.
static bool feed(AudioDecoder *decoder) {
    MPEGState *state = decoder->state;
    int64_t count =
        audio_source_read(state->source, state->position, state->buffer, sizeof state->buffer, &decoder->read_failed);
    state->position += count;
    return count > 0 && mpeg_functions()->feed(state->handle, state->buffer, (size_t)count) == MPG123_OK;
}

static bool get_format(mpg123_handle *handle, int32_t *rate, int32_t *channels) {
    long found_rate = 0;
    int found_channels = 0, encoding = 0;
    if (mpeg_functions()->format(handle, &found_rate, &found_channels, &encoding) != MPG123_OK) return false;
    *rate = (int32_t)found_rate;
    *channels = found_channels;
    return encoding == MPG123_ENC_FLOAT_32 && found_channels > 0;
}

/// Whether the stream goes on as it began.
static bool keeps_format(AudioDecoder *decoder) {
    int32_t rate, channels;
    MPEGState *state = decoder->state;
    if (get_format(state->handle, &rate, &channels) && rate == decoder->sample_rate && channels == decoder->channels) return true;
    return fail(decoder, "its sample rate or number of channels changes");
}

bool mpeg_open(AudioDecoder *decoder, const AudioSource *source) {
    *decoder = (AudioDecoder){.frames = INT64_MAX};
    const MPEGFunctions *library = mpeg_functions();
    MPEGState *state = calloc(1, sizeof *state);
    if (!state) return fail(decoder, "no memory");
    decoder->state = state;
    state->source = source;
    state->handle = library->create(NULL, NULL);
    if (!state->handle) return fail(decoder, "no memory");
    // Gapless: without the silence before and after that the encoder noted to have added.
    long flags = MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_SKIP_ID3V2;
    library->set(state->handle, MPG123_ADD_FLAGS, flags, 0);
    if (library->open(state->handle) != MPG123_OK) return fail(decoder, library->message(state->handle));

    size_t none = 0;
    int result;
    while ((result = library->read(state->handle, NULL, 0, &none)) == MPG123_NEED_MORE) {
        if (!feed(decoder)) return fail(decoder, "it ends in its first frame");
    }
    if (result == MPG123_ERR) return fail(decoder, library->message(state->handle));
    if (!get_format(state->handle, &decoder->sample_rate, &decoder->channels)) return fail(decoder, "it has no whole frame");
    // From here on damage is passed over, however much of it there is.
    library->set(state->handle, MPG123_RESYNC_LIMIT, -1, 0);
    return true;
}

int64_t mpeg_read(AudioDecoder *decoder, float *frames, int64_t count) {
    MPEGState *state = decoder->state;
    const MPEGFunctions *library = mpeg_functions();
    size_t frame_bytes = sizeof(float) * (size_t)decoder->channels, wanted = (size_t)count * frame_bytes, done = 0;
    while (done < wanted) {
        size_t part = 0;
        int result = library->read(state->handle, (void *)((char *)frames + done), wanted - done, &part);
        done += part;
        if (result == MPG123_NEED_MORE && feed(decoder)) continue;
        if (result == MPG123_NEW_FORMAT && keeps_format(decoder)) continue;
        if (result == MPG123_OK) continue;
        if (result == MPG123_ERR) fail(decoder, library->message(state->handle));
        break;
    }
    return (int64_t)(done / frame_bytes);
}

void mpeg_close(AudioDecoder *decoder) {
    MPEGState *state = decoder->state;
    if (!state) return;
    if (state->handle) mpeg_functions()->destroy(state->handle);
    free(state);
    decoder->state = NULL;
}

#else

bool mpeg_open(AudioDecoder *decoder, const AudioSource *source) {
    (void)source;
    *decoder = (AudioDecoder){.message = "this was built without libmpg123"};
    return false;
}

int64_t mpeg_read(AudioDecoder *decoder, float *frames, int64_t count) {
    (void)decoder;
    (void)frames;
    (void)count;
    return 0;
}

void mpeg_close(AudioDecoder *decoder) { (void)decoder; }

#endif
