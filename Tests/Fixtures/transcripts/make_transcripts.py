#!/usr/bin/env python3
"""Writes transcripts.json: transcriptions, and the files that openai/whisper makes of them.

Usage: make_transcripts.py UTILS, where UTILS is whisper/utils.py of openai-whisper 20250625 (`pip download openai-whisper
--no-deps` and unpack it; nothing else is needed).
"""
import importlib.util
import io
import json
import pathlib
import random
import sys

specification = importlib.util.spec_from_file_location("whisper_utils", sys.argv[1])
utils = importlib.util.module_from_spec(specification)
specification.loader.exec_module(utils)


def segment(number, start, end, text, words=None):
    result = {
        "id": number, "seek": 100 * number, "start": start, "end": end, "text": text, "tokens": [50364, 7 + number, 50464],
        "temperature": 0.25 * number % 1, "avg_logprob": -0.375, "compression_ratio": 1.25, "no_speech_prob": 0.0625,
    }
    if words is not None:
        result["words"] = words
    return result


def transcription(segments, language="en"):
    return {"text": "".join(s["text"] for s in segments), "segments": segments, "language": language}


def spoken(seed, count, pauses=False):
    """Segments of made-up words, each with its times."""
    draw = random.Random(seed)
    vocabulary = ["I", "we", "never", "said", "anything,", "really.", "über", "naïve", "日本", "extraordinarily", "x", "e\u0301te"]
    now, segments = 0.0, []
    for number in range(count):
        words = []
        for _ in range(draw.randint(1, 14)):
            now += draw.choice([0, 0, 0, 0.02, 0.5, 4.5 if pauses else 0.1])
            start, now = now, now + draw.randint(1, 40) / 50
            words.append({"word": " " + draw.choice(vocabulary), "start": round(start, 2), "end": round(now, 2),
                          "probability": 0.5})
        text = "".join(w["word"] for w in words)
        segments.append(segment(number, words[0]["start"], words[-1]["end"], text, words))
    return segments


plain = [
    segment(0, 0.0, 4.0, " Hello there."),
    segment(1, 4.0, 4.0005, " A --> B,\tand \"quotes\" \\ too. "),
    segment(2, 61.0015, 3599.9995, ""),
    segment(3, 3600.0025, 7325.678, " naïve 日本 \u0001 end"),
    segment(4, 360000.5, 360001.0025, "no space"),
]
layouts = [
    {},
    {"highlight_words": True},
    {"max_line_width": 20},
    {"max_line_width": 12, "max_line_count": 1},
    {"max_line_width": 24, "max_line_count": 2},
    {"max_line_width": 42, "max_line_count": 2, "highlight_words": True},
    {"max_words_per_line": 1},
    {"max_words_per_line": 4, "highlight_words": True},
]
cases = [(transcription(plain), {}), (transcription([], None), {})]
cases += [(transcription(spoken(seed, 3, pauses=seed % 2 == 0)), layout) for seed, layout in enumerate(layouts)]

written = []
for result, layout in cases:
    case = {"result": result, "layout": layout}
    for name in ["txt", "vtt", "srt", "tsv", "json"]:
        file = io.StringIO()
        utils.get_writer(name, ".").write_result(result, file, layout)
        case[name] = file.getvalue()
    written.append(case)
folder = pathlib.Path(__file__).parent
with open(folder / "transcripts.json", "w", encoding="utf-8") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in written) + "\n]\n")
