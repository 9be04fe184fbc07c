"""Write the sound files of this folder, and what the references make of them.

    python make_audio.py

Needs ffmpeg, sox, and from PyPI numpy, soundfile, soxr, torch and transformers. Everything is made from files/source.flac,
the clip cen1-marh-b of the AN4 database.
"""

import json
import os
import subprocess

import numpy as np
import soundfile
import soxr
import torch
from transformers import WhisperFeatureExtractor

os.chdir(os.path.dirname(os.path.abspath(__file__)) + "/files")
generator = np.random.default_rng(5)


def run(command, source=None):
    return subprocess.run(command, shell=True, check=True, input=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def make(options, name, source="part.wav"):
    run(f"ffmpeg -v error -y -bitexact -i {source} {options} -bitexact {name}")


def pipe(command, name, source):
    with open(name, "wb") as file:
        file.write(run(command + " | cat", source))


whole, rate = soundfile.read("source.flac", dtype="int16")
loudest = int(np.argmax(np.abs(whole)))
soundfile.write("part.wav", whole[loudest - 800 : loudest + 800], rate)  # a tenth of a second
soundfile.write("middle.flac", whole[loudest - 4800 : loudest + 4800], rate)

# Sample formats.
for codec in ["pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_mulaw", "pcm_alaw", "adpcm_ima_wav"]:
    make(f"-c:a {codec}", codec.removeprefix("pcm_").removesuffix("le") + ".wav")
for name in ["part.aiff", "part.au", "part.caf", "part.w64"]:
    make("", name)
make("-rf64 always -f wav", "part.rf64")
make("-c:a pcm_f32be", "float.aifc")

# Channels: gains that make the mean differ from each of them.
part, _ = soundfile.read("part.wav")
soundfile.write("stereo.wav", np.stack([part, 0.25 * part], 1), rate)
soundfile.write("six.flac", np.stack([part * gain for gain in (1, 0.5, 0.25, 0, -0.5, 0.25)], 1), rate)

# Compressed.
make("-c:a libvorbis", "vorbis.ogg", "middle.flac")
make("-c:a libopus", "opus.opus", "middle.flac")
make("-c:a libmp3lame", "mpeg.mp3", "middle.flac")

# As programs write to pipes, where they cannot go back to fill in the sizes.
raw = whole[loudest - 800 : loudest + 800].tobytes()
for form in ["wav", "aiff", "au", "w64", "caf", "flac", "wav -rf64 always"]:
    pipe(f"ffmpeg -v error -bitexact -f s16le -ar 16000 -ac 1 -i - -f {form} -", f"pipe-ffmpeg.{form.split()[-1] == 'always' and 'rf64' or form}", raw)
for form in ["wav", "aiff", "au"]:
    pipe(f"sox -t raw -r 16000 -e signed -b 16 -c 1 - -t {form} -", f"pipe-sox.{form}", raw)

# Sample rates, and what libsoxr makes of them.
resampled = {}
middle, _ = soundfile.read("middle.flac", dtype="float32")
for other in (8000, 11025, 22050, 44100, 48000):
    name = f"{other}.flac"
    soundfile.write(name, soxr.resample(middle, rate, other), other)
    back = soxr.resample(soundfile.read(name, dtype="float32")[0], other, rate, quality="HQ")
    places = sorted({0, 1, len(back) - 1} | set(generator.integers(0, len(back), 60).tolist()))
    resampled[name] = {"count": len(back), "places": places, "values": [float(back[place]) for place in places]}
json.dump(resampled, open("../resampled.json", "w"))


# Features. The second sound is a formula that the tests repeat.
def sweep(count):
    time = np.arange(count) / 16000
    return (0.4 * np.sin(2 * np.pi * (60 * time + 70 * time * time)) * (0.1 + 0.9 * time * 16000 / count)).astype(np.float32)


def sampled(features, count=150):
    bins = generator.integers(0, features.shape[0], count).tolist()
    frames = generator.integers(0, features.shape[1], count).tolist()
    return {"bins": bins, "frames": frames, "values": [float(features[b, f]) for b, f in zip(bins, frames)]}


source, _ = soundfile.read("source.flac", dtype="float32")
windows, long = [], []
for bins in (80, 128):
    extractor = WhisperFeatureExtractor(feature_size=bins)
    for name, sound in [("source", source), ("sweep", sweep(480000)), ("long sweep", sweep(500000)), ("short sweep", sweep(100))]:
        features = extractor(sound, sampling_rate=16000, return_tensors="np").input_features[0]
        windows.append({"sound": name, "count": len(sound), "bins": bins, "sample": sampled(features)})
    # A long recording as openai/whisper sees it: silence follows, and one maximum holds for all of it.
    sound = torch.from_numpy(np.pad(sweep(800000), (0, 480000)))
    power = torch.stft(sound, 400, 160, window=torch.hann_window(400), return_complex=True)[..., :-1].abs() ** 2
    logarithms = torch.clamp(torch.from_numpy(extractor.mel_filters).float().T @ power, min=1e-10).log10()
    maximum = logarithms.max()
    features = (torch.maximum(logarithms, maximum - 8) + 4) / 4
    for first in (0, 1234, 4500):
        part = features[:, first : first + 3000].numpy()
        long.append({"count": 800000, "bins": bins, "first": first, "maximum": float(maximum), "sample": sampled(part)})
json.dump({"windows": windows, "long": long}, open("../features.json", "w"))
