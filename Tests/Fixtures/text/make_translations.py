"""Writes translations.json anew: what transformers (5.24) writes with the starter model, with 4 beams and greedily.

Usage: make_translations.py, from this folder.
"""
import json

import torch
from transformers import AutoTokenizer, MarianMTModel

folder = "../../../Samples/StarterModels/marian-en-fr"
model = MarianMTModel.from_pretrained(folder, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
rows = json.load(open("translations.json", encoding="utf-8"))
for row in rows:
    inputs = tokenizer([row["text"]], return_tensors="pt")
    for name, beams in [("beam", 4), ("greedy", 1)]:
        with torch.no_grad():
            ids = model.generate(**inputs, num_beams=beams, max_length=128)
        row[name] = tokenizer.batch_decode(ids, skip_special_tokens=True)[0].strip()
json.dump(rows, open("translations.json", "w", encoding="utf-8"), ensure_ascii=False, indent=1)
