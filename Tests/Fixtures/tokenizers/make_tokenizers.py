#!/usr/bin/env python3
"""Write small tokenizers, a folder each, with what the reference makes of texts.

    python make_tokenizers.py        (tokenizers 0.23.3, transformers 5.23, sentencepiece 0.2.3)

Each folder gets the tokenizer's files, a config.json and expected.json: [{"text", "pair", "ids", "types", "plain" (ids
without special tokens), "decoded" (of ids, special tokens skipped), "all" (special tokens kept)}]. The text they are
trained on stands below and is our own.
"""
import io, json, os, random, shutil, tempfile
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = """The swift is a small bird that hardly ever lands, and swifts sleep while they fly.
It's said they don't need trees: they'll catch what they eat in the air, and we've seen that they're fast.
In 2024 we counted 1234 of them above 56 roofs; 7 nested under ours. What a summer!
Un martinet noir vole très haut, même la nuit, et ne se pose qu'au nid. Où dort-il ? Déjà loin.
Der Mauersegler schläft im Fliegen, über Städten und Wäldern; größer als 17 Zentimeter wird er nicht.
Стриж летает быстро и почти никогда не садится на землю. 雨燕は飛びながら眠ります。速い鳥です。
雨燕几乎从不落地，它们在空中睡觉。칼새는 날면서 잠을 잡니다. naïve café coöperate fiancée ﬁne Ångström ½ kg
low lower lowest new newer newest wide wider widest flying flyer fly flies sleep sleeper sleeping asleep""".split("\n")

SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\u2028", "\ufeff", " \n "]
ODD = ["'s", "'LL", "n't", " ,", " .", "...", "I'm", "naïve", "ﬁ", "ﷺ", "½", "²", "İ", "ß", "ΑΣ", "ｶﾞ", "각", "가", "👍🏽", "👩‍👩‍👧", "🇫🇷", "e\u0301", "ｅ\u0301",
       "a\u0323\u0302", "\u0344", "鳥", "\x00", "\x7f", "\u2581", "<0x41>", "[MASK]", "<mask>", "</s>", "<s>", "<unk>", "[CLS]", "day", "Day", "holiday",
       ">>fra<<", "\U0001d54f", "\U000e0041", "\U00020000"]


def texts(seed, count=24):
    r = random.Random(seed)
    words = " ".join(CORPUS).split()
    char = lambda: chr(r.choice([r.randrange(32, 127), r.randrange(0xa0, 0x600), r.randrange(0x900, 0x2000), r.randrange(0x2000, 0x3400),
                                 r.randrange(0x4e00, 0xa000), r.randrange(0xf900, 0x10000), r.randrange(0x10000, 0x20000)]))
    out = ["", " ", "The swift sleeps.", "  It's   asleep \n", "a" * 300]
    while len(out) < count:
        out.append("".join(r.choice([lambda: r.choice(words), lambda: r.choice(words) + " ", lambda: " " + r.choice(words).upper(), lambda: r.choice(SPACES),
                                     lambda: r.choice(ODD), lambda: str(r.randrange(10 ** r.randrange(1, 7))), char])() for _ in range(r.randrange(1, 14))))
    return out


def write(name, tokenizer, encode, decode):
    rows = []
    for i, text in enumerate(texts(name)):
        pair = "A pair of day" if i % 5 == 3 else None
        ids, types = encode(text, pair, True)
        rows.append({"text": text, "pair": pair, "ids": ids, "types": types, "plain": encode(text, pair, False)[0],
                     "decoded": decode(ids, True), "all": decode(ids, False)})
    with open(f"{HERE}/{name}/expected.json", "w") as f:
        json.dump(rows, f, ensure_ascii=True, separators=(",", ":"))


def folder(name, model_type="test", configuration=None):
    shutil.rmtree(f"{HERE}/{name}", ignore_errors=True)
    os.makedirs(f"{HERE}/{name}")
    json.dump({"model_type": model_type}, open(f"{HERE}/{name}/config.json", "w"))
    if configuration:
        json.dump(configuration, open(f"{HERE}/{name}/tokenizer_config.json", "w"))
    return f"{HERE}/{name}"


def pipeline(name, model, trainer=None, added=(), **parts):
    t = Tokenizer(model)
    for key, value in parts.items():
        if key != "post_processor":
            setattr(t, key, value)
    if trainer:
        t.train_from_iterator(CORPUS, trainer)
    if added:
        t.add_tokens(list(added))
    post = parts.get("post_processor")
    if post:
        t.post_processor = post(t) if callable(post) else post
    path = folder(name) + "/tokenizer.json"
    t.save(path, pretty=False)
    t = Tokenizer.from_file(path)

    def encode(text, pair, special):
        e = t.encode(text, pair, add_special_tokens=special)
        return e.ids, e.type_ids
    write(name, t, encode, lambda ids, skip: t.decode(ids, skip_special_tokens=skip))
    return t


def reference(name):
    t = AutoTokenizer.from_pretrained(f"{HERE}/{name}")

    def encode(text, pair, special):
        # Marian takes no types.
        types = not name.startswith("marian")
        e = t(text, pair, add_special_tokens=special, return_token_type_ids=types)
        return e.input_ids, e.token_type_ids if types else None
    write(name, t, encode, lambda ids, skip: t.decode(ids, skip_special_tokens=skip, clean_up_tokenization_spaces=False))


bpe = lambda size=400, **k: trainers.BpeTrainer(vocab_size=size, show_progress=False, **k)
piece = lambda size=300, **k: trainers.WordPieceTrainer(vocab_size=size, show_progress=False, **k)
uni = lambda size=220, **k: trainers.UnigramTrainer(vocab_size=size, show_progress=False, **k)
BYTES = pre_tokenizers.ByteLevel.alphabet()
SPLITS = {"cl100k": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
          "nested": r" ?[^(\s|[.,!?…。，、।۔،])]+", "possessive": r"[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,2}+| ?\P{L}"}
CLS = [AddedToken("[CLS]", special=True), AddedToken("[SEP]", special=True), AddedToken("[MASK]", special=True, lstrip=True)]


def byte_level(name, **parts):
    pipeline(name, models.BPE(**parts.pop("model", {})), bpe(initial_alphabet=BYTES, special_tokens=["<s>", "</s>", "<mask>"]),
             decoder=decoders.ByteLevel(), **parts)


def main():
    byte_level("bpe-byte-level", pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True), post_processor=lambda t: processors.RobertaProcessing(
        ("</s>", 1), ("<s>", 0)))
    for key, pattern in SPLITS.items():
        byte_level(f"bpe-{key}", model={"ignore_merges": key == "cl100k"}, normalizer=normalizers.NFC(), pre_tokenizer=pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
            post_processor=lambda t: processors.Sequence([processors.ByteLevel(), processors.TemplateProcessing(
                single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 0)])]))
    fallback = [f"<0x{i:02X}>" for i in range(256)]
    pipeline("bpe-byte-fallback", models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"), bpe(600, special_tokens=["<unk>", "<s>", "</s>", *fallback]),
             normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
             decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    pipeline("bpe-metaspace", models.BPE(unk_token="<unk>", fuse_unk=True), bpe(special_tokens=["<unk>", "<s>"]), normalizer=normalizers.NFKC(),
             pre_tokenizer=pre_tokenizers.Metaspace(prepend_scheme="first"), decoder=decoders.Metaspace(prepend_scheme="first"))
    pipeline("bpe-suffix", models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"), bpe(special_tokens=["<unk>"], end_of_word_suffix="</w>"),
             normalizer=normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
             pre_tokenizer=pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
             decoder=decoders.BPEDecoder("</w>"))
    pipeline("bpe-prefix", models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), bpe(special_tokens=["<unk>"], continuing_subword_prefix="##"),
             pre_tokenizer=pre_tokenizers.Whitespace())
    pipeline("wordpiece-bert", models.WordPiece(unk_token="[UNK]"), piece(special_tokens=["[UNK]", "[CLS]", "[SEP]"]), normalizer=normalizers.BertNormalizer(),
             pre_tokenizer=pre_tokenizers.BertPreTokenizer(), decoder=decoders.WordPiece(), added=CLS + [AddedToken("Day", single_word=True)],
             post_processor=processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)))
    pipeline("wordpiece-cased", models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=12), piece(special_tokens=["[UNK]"]),
             normalizer=normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip(), normalizers.Nmt()]),
             pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_previous"),
                                                    pre_tokenizers.Digits(True)]), decoder=decoders.WordPiece(cleanup=False),
             added=[AddedToken("Day", rstrip=True, normalized=True), AddedToken("</s>", lstrip=True, rstrip=True, special=True)])
    for scheme, split in [("always", True), ("first", True), ("never", False)]:
        pipeline(f"unigram-{scheme}", models.Unigram(), uni(unk_token="<unk>", special_tokens=["<unk>", "<s>", "</s>"]), normalizer=normalizers.NFKD(),
                 pre_tokenizer=pre_tokenizers.Metaspace(prepend_scheme=scheme, split=split),
                 decoder=decoders.Metaspace(prepend_scheme=scheme, split=split), post_processor=lambda t: processors.TemplateProcessing(
                     single="$A </s>", pair="$A </s> $B:1 </s>:1", special_tokens=[("</s>", 2)]))
    pipeline("wordlevel", models.WordLevel({w: i for i, w in enumerate(["<unk>", "a", "day", "12", "-", "swift", "."])}, unk_token="<unk>"),
             pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.CharDelimiterSplit(" "), pre_tokenizers.Punctuation("contiguous"),
                                                    pre_tokenizers.Digits(False), pre_tokenizers.Split("e", "merged_with_next")]))
    pipeline("wordlevel-ctc", models.WordLevel({w: i for i, w in enumerate(["<pad>", "|", *"abcdefghijklmnopqrstuvwxyz'", "<unk>"])}, unk_token="<unk>"),
             normalizer=normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "|")]),
             pre_tokenizer=pre_tokenizers.Split(Regex("."), "isolated"), decoder=decoders.CTC())
    # Files of older checkpoints.
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(CORPUS, bpe(initial_alphabet=BYTES, special_tokens=["<|endoftext|>"]))
    t.model.save(folder("files-gpt2", "gpt2", {"tokenizer_class": "GPT2Tokenizer"}))
    reference("files-gpt2")
    t.train_from_iterator(CORPUS, bpe(initial_alphabet=BYTES, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"]))
    t.model.save(folder("files-roberta", "roberta", {"tokenizer_class": "RobertaTokenizer"}))
    reference("files-roberta")
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer, t.pre_tokenizer = normalizers.BertNormalizer(lowercase=False), pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS, piece(special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    t.model.save(folder("files-bert", "bert", {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": False}))
    reference("files-bert")

    # A small map of letters: the rules sentencepiece comes with take a quarter of a megabyte.
    rules = {"ﬁ": "fi", "½": "1 2", "ﷺ": "صلى الله", "\u3000": " ", "\u00a0": " ", "\t": " ", "\n": " ", "\r": " ", "\r\n": " ", "\u200b": "", "ｅ": "e",
             "e\u0301": "é", "ｶ": "カ", "ｶﾞ": "ガ", "İ": "i", "A": "a", "T": "t", "👍🏽": "ok"}
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", delete=False) as f:
        for old, new in rules.items():
            f.write(" ".join(f"{ord(c):X}" for c in old) + "\t" + " ".join(f"{ord(c):X}" for c in new) + "\n")

    def train(path, size, rules=f.name, **k):
        if rules:
            k["normalization_rule_tsv"] = rules
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=size, minloglevel=2, **k)
        open(path, "wb").write(model.getvalue())
    d = folder("files-t5", "t5", {"tokenizer_class": "T5Tokenizer", "extra_ids": 3})
    train(f"{d}/spiece.model", 180, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    reference("files-t5")
    for name, options in {"marian-unigram": dict(vocab_size=180, user_defined_symbols=["day", "鳥"]), "marian-bpe": dict(vocab_size=230, model_type="bpe"),
                          "marian-bytes": dict(vocab_size=450, byte_fallback=True, rules=None, normalization_rule_name="identity", remove_extra_whitespaces=False),
                          "marian-suffix": dict(vocab_size=180, treat_whitespace_as_suffix=True)}.items():
        d = folder(name, "marian", {"tokenizer_class": "MarianTokenizer", "source_lang": "en", "target_lang": "fr"})
        train(f"{d}/source.spm", options.pop("vocab_size"), **options)
        shutil.copy(f"{d}/source.spm", f"{d}/target.spm")
        spm = sentencepiece.SentencePieceProcessor(model_file=f"{d}/source.spm")
        pieces = [p for p in map(spm.id_to_piece, range(len(spm))) if p not in ("<s>", "</s>", "<unk>")]
        vocab = ["</s>", "<unk>", *pieces[7:], ">>fra<<", "<pad>"]
        json.dump({p: i for i, p in enumerate(vocab)}, open(f"{d}/vocab.json", "w"))
        reference(name)


if __name__ == "__main__":
    main()
