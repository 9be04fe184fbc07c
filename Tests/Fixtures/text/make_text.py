"""Write small random checkpoints of BERT's kin with what the reference answers for them.

    python make_text.py OUT        # torch, transformers, tokenizers and safetensors

Each OUT/NAME holds a checkpoint with a tokenizer of a few words, golden.safetensors (ids and hidden states) and, where the
model has a task, expected.json: texts with what the reference's pipeline or the mean of the states says of them.
"""
import json, math, os, sys

import torch
from safetensors.torch import save_file
from transformers import (
    BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel, BertTokenizerFast, DistilBertConfig,
    DistilBertForMaskedLM, DistilBertForSequenceClassification, GPT2Config, GPT2LMHeadModel, GPT2TokenizerFast, MarianConfig,
    MarianMTModel, RobertaConfig, RobertaForMaskedLM, T5Config, T5ForConditionalGeneration, pipeline,
)

OUT = sys.argv[1]
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the a cat dog mat sat on ran to is not good bad film day night ##s ##ing , . ? ! é 日".split()
TEXTS = ["the cat sat on the mat.", "a dog ran", "is the film not bad?", "cats, dogs! night 日", "day"]
LABELS = {0: "good", 1: "bad", 2: "neither"}


def widen(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.dim() >= 2:
            fan = 3 if "embeddings" in name else parameter[0].numel()
            parameter.data = torch.randn(parameter.shape, generator=generator) * 1.4 / math.sqrt(fan)
        else:
            offset = 1 if "norm" in name.lower() and name.endswith("weight") else 0
            parameter.data = offset + 0.2 * torch.randn(parameter.shape, generator=generator)
    model.tie_weights()
    return model.eval()


def case(name, model_class, configuration, seed, padding, types=True):
    folder = f"{OUT}/{name}"
    model = widen(model_class(configuration), seed)
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, configuration.vocab_size, (3, 11), generator=generator)
    mask = torch.ones_like(ids)
    if padding is not None:
        mask[1, 7:] = 0
        mask[2, 3:] = 0
        ids[mask == 0] = padding
    inputs = {"input_ids": ids, "attention_mask": mask}
    if types:
        inputs["token_type_ids"] = (torch.arange(11) > 5).long().repeat(3, 1)
    answer = model(**inputs, output_hidden_states=True)
    tensors = dict(inputs)
    for key in ("logits", "last_hidden_state", "pooler_output"):
        if key in answer:
            tensors[key] = answer[key]
    tensors |= {f"hidden.{i}": h for i, h in enumerate(answer.hidden_states)}
    model.save_pretrained(folder)
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, f"{folder}/golden.safetensors")
    return model, folder


def expect(folder, rows):
    json.dump(rows, open(f"{folder}/expected.json", "w"), ensure_ascii=False, indent=1)


os.makedirs(OUT, exist_ok=True)
tokenizer = BertTokenizerFast(vocab={word: number for number, word in enumerate(WORDS)})

sizes = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=36)
labels = dict(id2label=LABELS, label2id={v: k for k, v in LABELS.items()})
bert = dict(vocab_size=len(WORDS), max_position_embeddings=20, **sizes)
with torch.no_grad():
    model, folder = case("bert", BertModel, BertConfig(**bert), 1, 0)
    tokenizer.save_pretrained(folder)
    rows = []
    for text in TEXTS:
        states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        mean = states.mean(0)
        rows.append({"text": text, "mean": mean.tolist(), "unit": (mean / mean.norm()).tolist(), "first": states[0].tolist()})
    expect(folder, rows)

    model, folder = case("bert-masked", BertForMaskedLM, BertConfig(**bert), 2, 0)
    tokenizer.save_pretrained(folder)
    fill = pipeline("fill-mask", model=model, tokenizer=tokenizer, device="cpu", top_k=3)
    expect(folder, [{"text": t, "predictions": fill(t)} for t in ("the [MASK] sat", "is [MASK] ?")])

    model, folder = case("bert-classifier", BertForSequenceClassification, BertConfig(**bert, **labels), 3, 0)
    tokenizer.save_pretrained(folder)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu", top_k=3)
    expect(folder, [{"text": t, "predictions": classify([t])[0]} for t in TEXTS])

    distil = dict(vocab_size=30, max_position_embeddings=16, dim=24, n_layers=2, n_heads=3, hidden_dim=36)
    case("distilbert-masked", DistilBertForMaskedLM, DistilBertConfig(**distil), 4, 0, types=False)
    case("distilbert-classifier", DistilBertForSequenceClassification, DistilBertConfig(**distil, **labels), 5, 0, types=False)
    case("roberta-masked", RobertaForMaskedLM, RobertaConfig(
        vocab_size=30, max_position_embeddings=18, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5, **sizes), 6, 1, types=False)

    def writing_case(name, model_class, configuration, seed, beams):
        folder = f"{OUT}/{name}"
        widen(model_class(configuration), seed).save_pretrained(folder)
        model = model_class.from_pretrained(folder).eval()  # with the positions that are computed, not stored
        generator = torch.Generator().manual_seed(seed)
        ids = torch.randint(2, configuration.vocab_size - 1, (3, 9), generator=generator)
        inputs = {"input_ids": ids}
        if configuration.is_encoder_decoder:
            mask = torch.ones_like(ids)
            mask[1, 6:] = 0
            mask[2, 2:] = 0
            ids[mask == 0] = configuration.pad_token_id
            inputs["attention_mask"] = mask
        decoded = dict(inputs)
        if configuration.is_encoder_decoder:
            decoded["decoder_input_ids"] = torch.randint(2, configuration.vocab_size - 1, (3, 5), generator=generator)
        answer = model(**decoded, output_hidden_states=True)
        tensors = decoded | {"logits": answer.logits}
        for key, states in (("hidden", "hidden_states"), ("encoder", "encoder_hidden_states"), ("decoder", "decoder_hidden_states")):
            tensors |= {f"{key}.{i}": h for i, h in enumerate(answer[states] if states in answer else [])}
        model.generation_config.bad_words_ids = [[configuration.pad_token_id]] if configuration.model_type == "marian" else None
        options = dict(max_new_tokens=12, do_sample=False, pad_token_id=model.generation_config.pad_token_id or 0)
        tensors["greedy"] = model.generate(**inputs, num_beams=1, **options)
        if beams:
            tensors["beam4"] = model.generate(**inputs, num_beams=4, **options)
        model.generation_config.save_pretrained(folder)
        save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, f"{folder}/golden.safetensors")
        return folder

    writing_case("marian", MarianMTModel, MarianConfig(
        vocab_size=40, decoder_vocab_size=40, d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3,
        decoder_attention_heads=2, encoder_ffn_dim=36, decoder_ffn_dim=30, scale_embedding=True, activation_function="swish",
        max_position_embeddings=64, pad_token_id=39, eos_token_id=0, decoder_start_token_id=39, forced_eos_token_id=0,
        bos_token_id=0), 7, True)
    t5 = dict(vocab_size=40, d_model=24, d_kv=7, d_ff=36, num_layers=2, num_decoder_layers=2, num_heads=3, decoder_start_token_id=0)
    writing_case("t5", T5ForConditionalGeneration, T5Config(**t5), 8, True)
    writing_case("t5-gated", T5ForConditionalGeneration, T5Config(
        **t5, feed_forward_proj="gated-gelu", tie_word_embeddings=False), 9, True)

    # Every byte, the letters GPT-2 writes them as, and a few merges.
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(b) for b in keep] + [chr(256 + i) for i in range(256 - len(keep))]
    merges = [("t", "h"), ("th", "e"), ("\u0120", "the"), ("\u0120", "a")]
    words = letters + ["".join(m) for m in merges] + ["<|endoftext|>"]
    def padded_prompts(folder):
        """Prompts of unequal length as the reference's generate has them in a batch: filled up at the front."""
        model = GPT2LMHeadModel.from_pretrained(folder).eval()
        end = model.config.eos_token_id
        generator = torch.Generator().manual_seed(11)
        ids = torch.randint(0, end, (4, 13), generator=generator)
        mask = torch.ones_like(ids)
        for row, count in enumerate((13, 2, 7, 1)):
            mask[row, : 13 - count] = 0
        ids[mask == 0] = end
        inputs = {"input_ids": ids, "attention_mask": mask}
        positions = (mask.cumsum(-1) - 1).masked_fill(mask == 0, 0)
        tensors = inputs | {
            "position_ids": positions, "logits": model(**inputs, position_ids=positions).logits,
            "logits.counted": model(**inputs).logits}
        options = dict(max_new_tokens=14, do_sample=False, pad_token_id=end)
        tensors["greedy"] = model.generate(**inputs, **options)
        tensors["beam3"] = model.generate(**inputs, num_beams=3, **options)
        save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, f"{folder}/padded.safetensors")

    folder = writing_case("gpt2", GPT2LMHeadModel, GPT2Config(
        vocab_size=len(words), n_positions=48, n_embd=24, n_layer=2, n_head=3, bos_token_id=len(words) - 1,
        eos_token_id=len(words) - 1), 10, True)
    GPT2TokenizerFast(vocab={w: i for i, w in enumerate(words)}, merges=merges).save_pretrained(folder)
    padded_prompts(folder)
