"""Writes text, the reference's merges, and the ids of the reference with tokenizers that Apus trained.

Usage: make_training.py PATH-OF-APUS
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

import sentencepiece
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, MarianTokenizer

here = pathlib.Path(__file__).parent
random.seed(7)
syllables = "ba cé dor el fin gra hü i jo kal ley mon na ó pri qua ro sta tem u vœ".split()
words = ["".join(random.choices(syllables, k=random.randint(1, 4))) for _ in range(1500)]
lines = []
for _ in range(1200):
    chosen = [words[int(1500 * random.random() ** 3)] for _ in range(random.randint(2, 9))]
    if random.random() < 0.2:
        chosen.insert(1, str(random.randint(0, 2100)))
    lines.append(" ".join(chosen).capitalize() + random.choice([".", "!", "?", "…", ", it's ﬁne."]))
text = here / "text.txt"
text.write_text("\n".join(lines) + "\n", encoding="utf-8")

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trainer = trainers.BpeTrainer(
    vocab_size=600, min_frequency=2, special_tokens=["<|endoftext|>"], show_progress=False,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
tokenizer.train([str(text)], trainer)
merges = json.loads(tokenizer.to_str())["model"]["merges"]
(here / "merges.json").write_text(json.dumps(merges, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

texts = lines[:12] + ["", "  Two  spaces ", "Ｗide ﬁgures ½ e\u0301 \u200b漢字 42%", "Bacé\tdor\u00a0el", "it's >>fra<< 'll"]
cases = {
    "bpe": ["--type", "bpe", "--special-tokens", "<|endoftext|>"],
    "bpe-metaspace": ["--type", "bpe", "--alphabet", "metaspace", "--byte-fallback", "--special-tokens", "<pad>,<unk>"],
    "unigram": ["--type", "unigram", "--lowercase"],
    "unigram-bytes": ["--type", "unigram", "--byte-fallback", "--normalization", "nfkc"],
    "marian": ["--type", "unigram", "--format", "marian", "--special-tokens", ">>fra<<"],
    "marian-bpe": ["--type", "bpe", "--format", "marian", "--normalization", "nfkc", "--lowercase"],
}
expected = {}
for name, flags in cases.items():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.argv[1], "train", "tokenizer", *flags, "--vocab-size", "600", "--quiet", "-o", folder, str(text)], check=True)
        kind = MarianTokenizer if "marian" in flags else AutoTokenizer
        loaded = kind.from_pretrained(folder)
        assert len(loaded) == 600, (name, len(loaded))
        expected[name] = [{"text": text, "ids": loaded(text).input_ids} for text in texts]
# How likely the reference's own unigram model finds the text, for comparison.
with tempfile.TemporaryDirectory() as folder:
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=f"{folder}/m", vocab_size=597, minloglevel=2)
    model = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/m.model")
    counts = [len(model.encode(line)) for line in lines]
expected["sentencepiece-token-count"] = sum(counts)
(here / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
