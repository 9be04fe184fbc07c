"""Writes the fixtures of this folder: small decoders with what the reference computes and generates.

Each `.safetensors` holds a decoder's weights under their published names, `encoder_states` and `encoder_mask` where it has
cross-attention, `decoder_input_ids`, the states `hidden.0`, `hidden.1`, … before and after each layer, `output` after the
final norm and `logits`. `generation.json` lists calls of `generate` with their ids and scores. The reference runs in double
precision on weights that are exact in single precision. `warpers.json` has scores with the tokens that sampling may draw.

    python make_generation.py

Written with torch 2.15, transformers 5.23 and safetensors 0.8.
"""

import json
import math
import os
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.modeling_outputs import BaseModelOutput

FOLDER = os.path.dirname(os.path.abspath(__file__))
WIDTH, HEADS, INNER, LAYERS, VOCABULARY, POSITIONS = 24, 3, 32, 2, 61, 48
PAD, EOS, START = 0, 1, 2


def randomize(model, seed, head_scale):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            draw = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim == 1:
                is_norm = "norm" in name.lower() or ".ln_" in name
                parameter.copy_(draw * 0.1 + (1 if is_norm and name.endswith("weight") else 0))
            elif "relative_attention_bias" in name:
                parameter.copy_(draw)
            elif "wpe" in name or "embed_positions" in name:
                parameter.copy_(draw * 0.5)
            elif any(part in name for part in ("shared", "embed_tokens", "wte", "lm_head")):
                parameter.copy_(draw * head_scale)
            else:
                fan_in = parameter.shape[0] if "c_" in name else parameter.shape[-1]
                parameter.copy_(draw * 2.5 / math.sqrt(fan_in))
    return model.eval()


def published(model):
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(os.path.join(folder, "model.safetensors"))


def run(layers, body):
    states = []

    def note(value):
        states.append((value[0] if isinstance(value, tuple) else value).detach())

    def before(module, arguments, keywords):
        note(arguments[0] if arguments else keywords["hidden_states"])

    hooks = [layers[0].register_forward_pre_hook(before, with_kwargs=True)]
    hooks += [layer.register_forward_hook(lambda module, arguments, result: note(result)) for layer in layers]
    with torch.no_grad():
        output = body()
    for hook in hooks:
        hook.remove()
    return {f"hidden.{i}": state for i, state in enumerate(states)}, output


CASES = []
SENTENCES, MEMORY, STEPS = 3, 9, 7


def record(name, model, arguments, options, prompts=None):
    settings = {"max_new_tokens": 12, "do_sample": False, "pad_token_id": PAD, "eos_token_id": EOS} | options
    with torch.no_grad():
        result = model.generate(
            **arguments, **settings, output_scores=True, return_dict_in_generate=True)
    case = {"model": name, "options": {key: value for key, value in settings.items() if key != "do_sample"}}
    case["sequences"] = result.sequences.tolist()
    if settings.get("num_beams", 1) > 1:
        case["scores"] = result.sequences_scores.tolist()
    if prompts is not None:
        case["prompts"] = prompts
    CASES.append(case)


ALL = [
    {},
    {"num_beams": 4},
    {"num_beams": 4, "length_penalty": 0.0},
    {"num_beams": 4, "length_penalty": 2.0, "early_stopping": True},
    {"num_beams": 4, "length_penalty": 0.6, "early_stopping": "never", "num_return_sequences": 4},
    {"num_beams": 3, "length_penalty": -1.0, "num_return_sequences": 2},
    {"num_beams": 4, "early_stopping": True, "num_return_sequences": 3},
    {"forced_eos_token_id": EOS},
    {"num_beams": 4, "forced_eos_token_id": EOS, "bad_words_ids": [[PAD], [7, 9], [11]]},
    {"repetition_penalty": 1.7},
    {"num_beams": 4, "repetition_penalty": 1.3},
    {"no_repeat_ngram_size": 2},
    {"num_beams": 2, "no_repeat_ngram_size": 3},
    {"num_beams": 4, "min_new_tokens": 8},
    {"min_new_tokens": 6},
    {"min_length": 6},
    {"forced_bos_token_id": 5, "num_beams": 4},
    {"suppress_tokens": [3, 4, 5, 6, 7, 8], "begin_suppress_tokens": list(range(20, 50))},
    {"eos_token_id": [1, 13, 17, 23, 29, 31]},
    {"eos_token_id": [1, 13, 17, 23, 29, 31], "num_beams": 4, "num_return_sequences": 4},
    {"num_beams": 4, "max_new_tokens": 1},
    {"num_beams": 4, "max_new_tokens": 25, "length_penalty": 1.4},
    {"max_new_tokens": 25},
]

# Settings that few checkpoints have.
RARE = [
    {"num_beams": 4, "renormalize_logits": True, "bad_words_ids": [[PAD], [7, 9], [11]]},
    {"num_beams": 3, "renormalize_logits": True, "suppress_tokens": list(range(30, 60)), "num_return_sequences": 3},
    {"exponential_decay_length_penalty": [3, 1.2]},
    {"num_beams": 4, "exponential_decay_length_penalty": [2, 1.1], "max_new_tokens": 25},
    {"sequence_bias": [[[13], 3.0], [[40], -2.5], [[13, 14], 9.0], [[2, 13, 13], 6.0]]},
    {"num_beams": 4, "sequence_bias": [[[EOS], -3.0], [[20], 1.5], [[20, 20], -30.0]]},
    {"num_beams": 4, "remove_invalid_values": True, "bad_words_ids": [[11]]},
]
# Settings that look at the prompt, where there is no encoder.
PROMPTED = [
    {"encoder_repetition_penalty": 1.6},
    {"encoder_repetition_penalty": 0.6, "num_beams": 3},
    {"encoder_no_repeat_ngram_size": 1},
    {"encoder_no_repeat_ngram_size": 2, "encoder_repetition_penalty": 2.0, "num_beams": 3, "renormalize_logits": True},
]


def save(name, weights, tensors, dropped):
    kept = {key: value for key, value in weights.items() if not any(part in key for part in dropped)}
    tensors = {key: value if value.dtype == torch.int64 else value.float() for key, value in tensors.items()}
    save_file({key: value.contiguous().clone() for key, value in (kept | tensors).items()},
              os.path.join(FOLDER, name + ".safetensors"))


def sequence_to_sequence(name, model, seed, layers, dropped, options=ALL):
    weights = published(model)
    model.double()
    generator = torch.Generator().manual_seed(1000 + seed)
    states = torch.randn(SENTENCES, MEMORY, WIDTH, generator=generator).double()
    mask = torch.ones(SENTENCES, MEMORY, dtype=torch.int64)
    mask[1, 6:] = 0
    mask[2, 3:] = 0
    whisper = name == "whisper"
    ids = torch.randint(3, VOCABULARY, (SENTENCES, STEPS), generator=generator)
    arguments = {} if whisper else {"attention_mask": mask}
    outputs = BaseModelOutput(last_hidden_state=states)
    decoder = model.model.decoder if hasattr(model, "model") else model.decoder
    hidden, result = run(layers, lambda: model(encoder_outputs=outputs, decoder_input_ids=ids, **arguments))
    with torch.no_grad():
        extra = {} if whisper else {"encoder_attention_mask": mask}
        output = decoder(input_ids=ids, encoder_hidden_states=states, **extra).last_hidden_state
    tensors = hidden | {
        "output": output, "logits": result.logits, "encoder_states": states, "decoder_input_ids": ids}
    if not whisper:
        tensors["encoder_mask"] = mask
    save(name, weights, tensors, dropped)
    for option in options:
        outputs = BaseModelOutput(last_hidden_state=states)
        if whisper:
            continue
        record(name, model, {"encoder_outputs": outputs, "attention_mask": mask}, option)


def marian():
    model = transformers.MarianMTModel(
        transformers.MarianConfig(
            vocab_size=VOCABULARY, d_model=WIDTH, encoder_layers=1, decoder_layers=LAYERS, encoder_attention_heads=HEADS,
            decoder_attention_heads=HEADS, encoder_ffn_dim=4, decoder_ffn_dim=INNER, max_position_embeddings=POSITIONS,
            activation_function="swish", scale_embedding=True, pad_token_id=PAD, eos_token_id=EOS,
            decoder_start_token_id=START, forced_eos_token_id=None, attn_implementation="eager"))
    stored = model.model.decoder.embed_positions.weight.clone()
    randomize(model, 1, 0.25)
    with torch.no_grad():
        model.model.decoder.embed_positions.weight.copy_(stored)
        model.final_logits_bias.copy_(torch.randn(1, VOCABULARY, generator=torch.Generator().manual_seed(5)) * 0.3)
        model.final_logits_bias[0, EOS] = 1.5
    model.generation_config.forced_eos_token_id = None
    model.generation_config.bad_words_ids = None
    sequence_to_sequence(
        "marian", model, 1, model.model.decoder.layers,
        ["encoder.layers", "encoder.embed", "embed_tokens", "embed_positions", "lm_head"], ALL + RARE)


def t5(name, projection, seed, tied):
    model = transformers.T5ForConditionalGeneration(
        transformers.T5Config(
            vocab_size=VOCABULARY, d_model=WIDTH, d_kv=10, d_ff=INNER, num_layers=LAYERS, num_decoder_layers=LAYERS,
            num_heads=HEADS, relative_attention_num_buckets=8, relative_attention_max_distance=20,
            feed_forward_proj=projection, tie_word_embeddings=tied, pad_token_id=PAD, eos_token_id=EOS,
            decoder_start_token_id=PAD, attn_implementation="eager"))
    randomize(model, seed, 0.4 if not tied else 1.5)
    sequence_to_sequence(
        name, model, seed, model.decoder.block,
        ["encoder.block", "encoder.final", "embed_tokens", "lm_head"], ALL[:8] + ALL[-2:])


def whisper():
    model = transformers.WhisperForConditionalGeneration(
        transformers.WhisperConfig(
            vocab_size=VOCABULARY, d_model=WIDTH, encoder_layers=1, decoder_layers=LAYERS, encoder_attention_heads=HEADS,
            decoder_attention_heads=HEADS, encoder_ffn_dim=4, decoder_ffn_dim=INNER, max_source_positions=MEMORY,
            max_target_positions=POSITIONS, num_mel_bins=2, pad_token_id=PAD, bos_token_id=EOS, eos_token_id=EOS,
            decoder_start_token_id=START, suppress_tokens=None, begin_suppress_tokens=None, attn_implementation="eager"))
    randomize(model, 4, 0.45)
    sequence_to_sequence("whisper", model, 4, model.model.decoder.layers, ["encoder.layer", "encoder.conv", "encoder.embed", "proj_out"])


def decoder_only(name, model, seed, layers, output_of, options):
    weights = published(model)
    model.double()
    generator = torch.Generator().manual_seed(1000 + seed)
    ids = torch.randint(3, VOCABULARY, (SENTENCES, STEPS), generator=generator)
    hidden, result = run(layers, lambda: model(ids, use_cache=False))
    with torch.no_grad():
        output = output_of(ids)
    save(name, weights, hidden | {"output": output, "logits": result.logits, "decoder_input_ids": ids}, [])
    lengths = (7, 4, 1) if name == "gpt2" else (7, 7, 7)
    prompts = [ids[row, :length].tolist() for row, length in enumerate(lengths)]
    padded = torch.full((SENTENCES, STEPS), PAD)
    mask = torch.zeros_like(padded)
    for row, prompt in enumerate(prompts):
        padded[row, STEPS - len(prompt):] = torch.tensor(prompt)
        mask[row, STEPS - len(prompt):] = 1
    for option in options:
        record(name, model, {"input_ids": padded, "attention_mask": mask}, option, prompts)


def gpt2():
    model = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=VOCABULARY, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_inner=INNER, n_positions=POSITIONS,
            bos_token_id=EOS, eos_token_id=EOS, attn_implementation="eager"))
    randomize(model, 7, 0.45)
    options = [{}, {"num_beams": 4}, {"num_beams": 4, "num_return_sequences": 3, "early_stopping": True},
               {"repetition_penalty": 1.4}, {"no_repeat_ngram_size": 2, "num_beams": 3}, {"min_new_tokens": 9},
               {"eos_token_id": [1, 13, 17, 23, 29, 31]}, {"min_length": 14}, {"num_beams": 3, "min_length": 12}]
    decoder_only("gpt2", model, 7, model.transformer.h, lambda ids: model.transformer(ids).last_hidden_state, options)


def llama():
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
            num_attention_heads=6, num_key_value_heads=2, head_dim=6, max_position_embeddings=POSITIONS, rms_norm_eps=1e-5,
            pad_token_id=PAD, bos_token_id=START, eos_token_id=EOS, tie_word_embeddings=False, attn_implementation="eager"))
    randomize(model, 8, 0.45)
    decoder_only("llama", model, 8, model.model.layers, lambda ids: model.model(ids).last_hidden_state,
                 [{}, {"num_beams": 4}] + PROMPTED)


def warpers():
    scores = torch.randn(5, VOCABULARY, generator=torch.Generator().manual_seed(9)) * torch.tensor([[0.3], [1], [2], [4], [2]])
    scores[4, ::3] = -math.inf
    cases = []
    for key, kind, values in (
        ("min_p", transformers.MinPLogitsWarper, (0.02, 0.1, 0.5, 1.0)),
        ("typical_p", transformers.TypicalLogitsWarper, (0.05, 0.3, 0.6, 0.95)),
    ):
        for value in values:
            kept = kind(value)(None, scores.double()) > -math.inf
            cases.append({"setting": key, "value": value, "kept": [row.nonzero()[:, 0].tolist() for row in kept]})
    rows = [[None if math.isinf(x) else x for x in row] for row in scores.tolist()]
    with open(os.path.join(FOLDER, "warpers.json"), "w") as file:
        json.dump({"scores": rows, "cases": cases}, file, separators=(",", ":"))


if __name__ == "__main__":
    marian()
    t5("t5", "relu", 2, True)
    t5("t5_gated", "gated-gelu", 3, False)
    whisper()
    gpt2()
    llama()
    warpers()
    with open(os.path.join(FOLDER, "generation.json"), "w") as file:
        json.dump(CASES, file, indent=None, separators=(",", ":"))
