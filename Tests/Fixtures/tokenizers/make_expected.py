#!/usr/bin/env python3
"""Write expected.json into a checkpoint's folder: what the reference makes of the lines of texts and of random strings.

    python make_expected.py FOLDER RANDOM-COUNT [TEXT...]
    python make_expected.py --speed FOLDER TEXT       megabytes per second of the reference on one thread
"""
import json, os, sys, time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
from transformers import AutoTokenizer
from make_tokenizers import texts


def speed(tokenizer, lines):
    backend = getattr(tokenizer, "backend_tokenizer", None)
    best = 1e9
    for _ in range(5):
        start = time.perf_counter()
        for line in lines:
            backend.encode(line) if backend else tokenizer(line)
        best = min(best, time.perf_counter() - start)
    start = time.perf_counter()
    if backend:
        backend.no_padding(), backend.no_truncation()
        backend.encode_batch_fast(lines)
    batch = time.perf_counter() - start
    size = sum(len(line.encode()) + 1 for line in lines) / 1e6
    print(f"{size / best:.2f} MB/s line by line" + (f", {size / batch:.2f} MB/s as a batch" if backend else ""))


def main(folder, count, files):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lines = [line.rstrip("\n") for file in files for line in open(file, encoding="utf8")]
    rows = []
    for text in lines + texts(folder, int(count)):
        ids = tokenizer(text).input_ids
        rows.append({"text": text, "ids": ids, "plain": tokenizer(text, add_special_tokens=False).input_ids,
                     "decoded": tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False),
                     "all": tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)})
    json.dump(rows, open(f"{folder}/expected.json", "w"))


if sys.argv[1] == "--speed":
    speed(AutoTokenizer.from_pretrained(sys.argv[2]), [line.rstrip("\n") for line in open(sys.argv[3], encoding="utf8")])
else:
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
