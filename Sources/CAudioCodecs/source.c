#include "library.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void audio_source_correct(AudioSource *source, int64_t offset, const uint8_t *bytes, int32_t count) {
    int32_t capacity = sizeof source->corrections / sizeof *source->corrections;
    if (source->correction_count == capacity || count < 0 || count > 8) return;
    AudioCorrection *correction = &source->corrections[source->correction_count++];
    correction->offset = offset;
    correction->count = count;
    memcpy(correction->bytes, bytes, (size_t)count);
}

static int64_t read_descriptor(const AudioSource *source, int64_t position, uint8_t *into, int64_t count, bool *failed) {
    int64_t done = 0;
    while (done < count) {
        ssize_t part = pread(source->descriptor, into + done, (size_t)(count - done), position + done);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) *failed = true;
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

int64_t audio_source_read(const AudioSource *source, int64_t position, void *into, int64_t count, bool *failed) {
    int64_t left = source->count - position;
    if (count > left) count = left;
    if (position < 0 || count <= 0) return 0;
    if (source->bytes) {
        memcpy(into, source->bytes + position, (size_t)count);
    } else {
        count = read_descriptor(source, position, into, count, failed);
    }
    for (int32_t index = 0; index < source->correction_count; index++) {
        apply(&source->corrections[index], into, position, count);
    }
    return count;
}
