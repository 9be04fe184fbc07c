#include "library.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const AudioSource *source;
    int64_t position;
    bool failed;
    SNDFILE *file;
} FileState;

static sf_count_t file_length(void *state) { return ((FileState *)state)->source->count; }

static sf_count_t file_tell(void *state) { return ((FileState *)state)->position; }

static sf_count_t file_seek(sf_count_t offset, int whence, void *context) {
    FileState *state = context;
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? state->position : state->source->count;
    int64_t position;
    if (__builtin_add_overflow(base, offset, &position) || position < 0) return -1;
    return state->position = position;
}

static sf_count_t file_read(void *into, sf_count_t count, void *context) {
    FileState *state = context;
    int64_t done = audio_source_read(state->source, state->position, into, count, &state->failed);
    state->position += done;
    return done;
}

/// Nothing is ever written.
static sf_count_t file_write(const void *from, sf_count_t count, void *state) {
    (void)from;
    (void)count;
    (void)state;
    return 0;
}

static void keep_message(AudioDecoder *decoder, SNDFILE *file) {
    const char *message = sound_file_functions()->message(file);
    snprintf(decoder->message, sizeof decoder->message, "%s", message ? message : "unknown error");
}

bool sound_file_open(AudioDecoder *decoder, const AudioSource *source) {
    *decoder = (AudioDecoder){0};
    FileState *state = calloc(1, sizeof *state);
    if (!state) return false;
    decoder->state = state;
    state->source = source;
    SF_VIRTUAL_IO access = {file_length, file_seek, file_read, file_write, file_tell};
    SF_INFO info = {0};
    state->file = sound_file_functions()->open(&access, SFM_READ, &info, state);
    decoder->read_failed = state->failed;
    if (!state->file) {
        if (sound_file_functions()->error(NULL) != SF_ERR_UNRECOGNISED_FORMAT) keep_message(decoder, NULL);
        return false;
    }
    decoder->frames = info.frames;
    decoder->channels = info.channels;
    decoder->sample_rate = info.samplerate;
    // SF_FORMAT_MPEG, which headers before 1.1 do not have: the count is an estimate.
    if ((info.format & SF_FORMAT_TYPEMASK) == 0x230000) decoder->frames = INT64_MAX;
    return true;
}

int64_t sound_file_read(AudioDecoder *decoder, float *frames, int64_t count) {
    FileState *state = decoder->state;
    int64_t done = sound_file_functions()->read(state->file, frames, count);
    decoder->read_failed = state->failed;
    if (done <= 0 && sound_file_functions()->error(state->file) != SF_ERR_NO_ERROR) keep_message(decoder, state->file);
    return done < 0 || done > count ? 0 : done;
}

void sound_file_close(AudioDecoder *decoder) {
    FileState *state = decoder->state;
    if (!state) return;
    if (state->file) sound_file_functions()->close(state->file);
    free(state);
    decoder->state = NULL;
}
