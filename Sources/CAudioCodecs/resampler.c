#include "library.h"

void *audio_resampler_open(double input_rate, double output_rate) {
    // Without further specifications: one interleaved stream of float32 in high quality, on this thread.
    return resampler_functions()->create(input_rate, output_rate, 1, NULL, NULL, NULL, NULL);
}

int64_t audio_resampler_process(void *resampler, const float *input, size_t input_count, size_t *taken, float *output,
                                size_t output_capacity) {
    size_t used = 0, written = 0;
    soxr_error_t error = resampler_functions()->process(
        resampler, input, input ? input_count : 0, &used, output, output_capacity, &written);
    *taken = used;
    return error ? -1 : (int64_t)written;
}

void audio_resampler_close(void *resampler) {
    if (resampler) resampler_functions()->destroy(resampler);
}
