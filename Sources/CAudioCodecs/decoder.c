#include "library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const AudioSource *source;
    int64_t position;
    bool failed;
    SNDFILE *file;
} DecoderState;

void audio_source_correct(AudioSource *source, int64_t offset, const uint8_t *bytes, int32_t count) {
    int32_t capacity = sizeof source->corrections / sizeof *source->corrections;
    if (source->correction_count == capacity || count < 0 || count > 8) return;
    AudioCorrection *correction = &source->corrections[source->correction_count++];
    correction->offset = offset;
    correction->count = count;
    memcpy(correction->bytes, bytes, (size_t)count);
}

static sf_count_t file_length(void *state) { return ((DecoderState *)state)->source->count; }

static sf_count_t file_tell(void *state) { return ((DecoderState *)state)->position; }

static sf_count_t file_seek(sf_count_t offset, int whence, void *context) {
    DecoderState *state = context;
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? state->position : state->source->count;
    int64_t position;
    if (__builtin_add_overflow(base, offset, &position) || position < 0) return -1;
    return state->position = position;
}

static int64_t read_descriptor(DecoderState *state, uint8_t *into, int64_t count) {
    int64_t done = 0;
    while (done < count) {
        ssize_t part = pread(state->source->descriptor, into + done, (size_t)(count - done), state->position + done);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) state->failed = true;
        if (part <= 0) break;
        done += part;
    }
    return done;
}

static void apply(const AudioCorrection *correction, uint8_t *into, int64_t position, int64_t count) {
    for (int32_t index = 0; index < correction->count; index++) {
        int64_t place = correction->offset + index - position;
        if (place >= 0 && place < count) into[place] = correction->bytes[index];
    }
}

static sf_count_t file_read(void *into, sf_count_t count, void *context) {
    DecoderState *state = context;
    const AudioSource *source = state->source;
    int64_t left = source->count - state->position;
    if (count > left) count = left;
    if (count <= 0) return 0;
    if (source->bytes) {
        memcpy(into, source->bytes + state->position, (size_t)count);
    } else {
        count = read_descriptor(state, into, count);
    }
    for (int32_t index = 0; index < source->correction_count; index++) {
        apply(&source->corrections[index], into, state->position, count);
    }
    state->position += count;
    return count;
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

bool audio_decoder_open(AudioDecoder *decoder, const AudioSource *source) {
    *decoder = (AudioDecoder){0};
    DecoderState *state = calloc(1, sizeof *state);
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
    // SF_FORMAT_MPEG, which headers before 1.1 do not have.
    decoder->is_mpeg = (info.format & SF_FORMAT_TYPEMASK) == 0x230000;
    return true;
}

int64_t audio_decoder_read(AudioDecoder *decoder, float *frames, int64_t count) {
    DecoderState *state = decoder->state;
    int64_t done = sound_file_functions()->read(state->file, frames, count);
    decoder->read_failed = state->failed;
    if (done <= 0 && sound_file_functions()->error(state->file) != SF_ERR_NO_ERROR) keep_message(decoder, state->file);
    return done < 0 || done > count ? 0 : done;
}

void audio_decoder_close(AudioDecoder *decoder) {
    DecoderState *state = decoder->state;
    if (!state) return;
    if (state->file) sound_file_functions()->close(state->file);
    free(state);
    decoder->state = NULL;
}
