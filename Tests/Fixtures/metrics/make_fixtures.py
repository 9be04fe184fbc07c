"""Writes references.json: texts, and what sacrebleu, jiwer and scikit-learn say of them.

pip install sacrebleu jiwer scikit-learn; python make_fixtures.py
"""
import json, os, random
import jiwer, sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

random.seed(3)
corpora = {
    "plain": [
        ("The cat sat on the mat.", ["The cat sat on the mat.", "A cat was sitting on the mat."]),
        ("It costs 3,000.50 dollars, doesn't it?", ["It costs $3,000.50, does it not?", "The price is 3,000.50 dollars."]),
        ("He said: \"No!\" (twice)", ["He said \"no\" - twice.", "“No!” he said twice..."]),
    ],
    "odd": [
        ("", ["Nothing was written.", "Nothing."]),
        ("A &quot;quoted&quot; word &amp; more <skipped> 5-3", ["A \"quoted\" word & more 5-3", "5 - 3"]),
        ("Ça coûte 12 € — c'est cher ! ", ["Ça coûte 12 € : c'est trop cher !", "C'est cher, 12 €."]),
        ("日本語のテキスト。一つ", ["日本語の文。一つ", "これは日本語です。"]),
        ("x", ["x", "y"]), ("…", [".", "…"]), ("a-b c_d e/f 7-8 .5", ["a - b c_d e / f 7-8 0.5", "a"]),
        ("٣٫٥ ≠ 4 💶 ok\u00a0so", ["٣٫٥ ≠ 5 💶 ok so", "ok"]),
    ],
    "nothing": [("alpha", ["beta", "gamma"]), ("delta", ["x y z", "w"])],
}
# Letters that are one character or two, and numbers that are no digits.
corpora["marks"] = [
    ("Le cafe\u0301 est ferme\u0301.", ["Le caf\u00e9 est ferm\u00e9 .", "Le cafe\u0301 est clos."]),
    ("prix: 1½, 2², Ⅳ. et ½,½", ["prix : 1½, 2², Ⅳ. et ½ , ½", "prix: 3"]),
    ("un cafe\u0301 noir, n\u0303 et \u00f1", ["un cafe\u0301 noir, \u00f1 et n\u0303", "un the\u0301"]),
]
corpora["chinese"] = [
    ("我爱北京，天安门3.5元。", ["我爱北京天安门，3.5元。", "北京 的 天安门"]),
    ("“你好” … NBA球员ABC-123（测试）!", ["“你好”——NBA球员 ABC-123 测试!", "你好"]),
    ("→ 丂㐀豈 ½ ㌀ \u2000x\u2001y ＡＢ", ["→ 丂 㐀 豈 ½ ㌀ x y ＡＢ", "无"]),
]
words = "the a cat dog runs sees big small , . 12 it's well-known".split()
corpora["random"] = [(" ".join(random.choices(words, k=random.randint(1, 14))), [" ".join(random.choices(words, k=random.randint(1, 14))) for _ in range(2)]) for _ in range(40)]
texts = []
for name, rows in corpora.items():
    hypotheses, references = [h for h, _ in rows], [list(r) for r in zip(*[r for _, r in rows])]
    entry = {"name": name, "hypotheses": hypotheses, "references": [r for _, r in rows], "bleu": {}, "single": {}}
    for tokenizer in ["13a", "intl", "zh", "char", "none"]:
        entry["bleu"][tokenizer] = BLEU(tokenize=tokenizer).corpus_score(hypotheses, references).score
        entry["single"][tokenizer] = BLEU(tokenize=tokenizer).corpus_score(hypotheses, references[:1]).score
    entry["chrf"] = CHRF(word_order=0).corpus_score(hypotheses, references).score
    entry["chrf++"] = CHRF(word_order=2).corpus_score(hypotheses, references).score
    entry["single"]["chrf++"] = CHRF(word_order=2).corpus_score(hypotheses, references[:1]).score
    truths = references[0]
    entry["wer"], entry["cer"] = jiwer.wer(truths, hypotheses), jiwer.cer(truths, hypotheses)
    entry["words"] = {h: getattr(jiwer.process_words(truths, hypotheses), h) for h in ["hits", "substitutions", "deletions", "insertions"]}
    texts.append(entry)
labels = [random.randrange(5) for _ in range(200)]
answers = [l if random.random() < 0.6 else random.randrange(6) for l in labels]
def mean(kind):
    p, r, f, _ = precision_recall_fscore_support(labels, answers, average=kind, zero_division=0)
    return [p, r, f]
p, r, f, s = precision_recall_fscore_support(labels, answers, labels=range(7), zero_division=0)
classes = {"labels": labels, "answers": answers, "accuracy": accuracy_score(labels, answers),
           "macro": mean("macro"), "weighted": mean("weighted"), "micro": mean("micro"),
           "each": [[float(a), float(b), float(c), int(d)] for a, b, c, d in zip(p, r, f, s)]}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "references.json")
with open(path, "w") as file:
    json.dump({"versions": {"sacrebleu": sacrebleu.__version__}, "texts": texts, "classes": classes}, file, ensure_ascii=False, indent=1)
