"""Writes tiny/, a random Whisper checkpoint with windows of two seconds, and what the reference makes of it.

    python make_speech.py          # transformers 5.23, torch 2.15, soundfile, from this folder

golden.safetensors: every state and the logits for features and ids drawn at random. expected.json: for clips of Samples/clips
the language that is detected, what is written greedily and with three beams, without and with times, and for the long one
all windows' segments, conditioned on the text before. The weights are drawn so wide that the sound decides the tokens.
"""
import json
import os

import soundfile
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, PreTrainedTokenizerFast, WhisperConfig, WhisperFeatureExtractor
from transformers import WhisperForConditionalGeneration

SEED = 11
SECONDS = 2
CLIPS = "../../../Samples/clips"


def tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["Ġone", "Ġtwo", "Ġthree", "Ġyes", "Ġno", "."]
    vocabulary = {token: index for index, token in enumerate(alphabet + [word for word in words if word not in alphabet])}
    model = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    special = ["endoftext", "startoftranscript", "en", "fr", "de", "translate", "transcribe", "startoflm", "startofprev",
               "nospeech", "notimestamps"]
    model.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in special])
    model.add_tokens([AddedToken(f"<|{index * 0.02:.2f}|>", special=False) for index in range(SECONDS * 50 + 1)])
    return PreTrainedTokenizerFast(tokenizer_object=model, eos_token="<|endoftext|>", bos_token="<|endoftext|>")


def main():
    torch.manual_seed(SEED)
    text = tokenizer()
    id_of = text.convert_tokens_to_ids
    config = WhisperConfig(
        vocab_size=len(text), num_mel_bins=80, encoder_layers=2, decoder_layers=2, d_model=32, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, max_source_positions=SECONDS * 50,
        max_target_positions=64, pad_token_id=id_of("<|endoftext|>"), bos_token_id=id_of("<|endoftext|>"),
        eos_token_id=id_of("<|endoftext|>"), decoder_start_token_id=id_of("<|startoftranscript|>"), suppress_tokens=None,
        begin_suppress_tokens=None)
    model = WhisperForConditionalGeneration(config).eval()
    for name, value in model.named_parameters():
        if "encoder.embed_positions" in name:
            continue
        wide = value.dim() > 1
        spread = 1.4 / value[0].numel() ** 0.5 if wide else 0.2
        value.data = torch.randn_like(value) * spread + (1 if "norm.weight" in name else 0)
    decoder = model.model.decoder
    decoder.embed_tokens.weight.data *= 1.5
    decoder.embed_positions.weight.data *= 4
    for layer in decoder.layers:
        layer.encoder_attn.out_proj.weight.data *= 4
        layer.encoder_attn.q_proj.weight.data *= 4
    model.tie_weights()
    model.generation_config = GenerationConfig(
        decoder_start_token_id=config.decoder_start_token_id, eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id, bos_token_id=config.bos_token_id, max_length=64, is_multilingual=True,
        lang_to_id={f"<|{code}|>": id_of(f"<|{code}|>") for code in ["en", "fr", "de"]},
        task_to_id={"transcribe": id_of("<|transcribe|>"), "translate": id_of("<|translate|>")},
        no_timestamps_token_id=id_of("<|notimestamps|>"), prev_sot_token_id=id_of("<|startofprev|>"),
        begin_suppress_tokens=[id_of("Ġ"), config.eos_token_id], suppress_tokens=[3, 4, 5] + [
            id_of(f"<|{name}|>") for name in ["startoftranscript", "translate", "transcribe", "startoflm", "startofprev", "nospeech"]],
        max_initial_timestamp_index=25, alignment_heads=[[0, 1], [1, 0], [1, 3]])
    features = WhisperFeatureExtractor(chunk_length=SECONDS)
    for part in (model, text, features):
        part.save_pretrained("tiny")
    for name in ["special_tokens_map.json", "processor_config.json"]:
        if os.path.exists(f"tiny/{name}"):
            os.remove(f"tiny/{name}")

    x = torch.randn(2, 80, SECONDS * 100)
    ids = torch.randint(0, config.vocab_size, (2, 7))
    out = model(input_features=x, decoder_input_ids=ids, output_hidden_states=True)
    golden = {"input_features": x, "decoder_input_ids": ids, "logits": out.logits}
    for side, states in [("encoder", out.encoder_hidden_states), ("decoder", out.decoder_hidden_states)]:
        golden |= {f"{side}.{index}": state.contiguous() for index, state in enumerate(states)}
    save_file({name: value.contiguous() for name, value in golden.items()}, "tiny/golden.safetensors")

    expected = {}
    for name in ["zip-code.flac", "michael.flac", "command.flac"]:
        sound, rate = soundfile.read(f"{CLIPS}/{name}", dtype="float32")
        assert rate == 16000
        x = features(sound[: SECONDS * rate], sampling_rate=rate, return_tensors="pt").input_features
        row = {"language": text.decode(model.detect_language(input_features=x))}
        # A model that was trained writes no times where none are asked for; this one must be told.
        untimed = {"suppress_tokens": model.generation_config.suppress_tokens + list(range(id_of("<|0.00|>"), len(text)))}
        for key, settings in {
                "greedy": untimed, "beams": untimed | {"num_beams": 3}, "times": {"return_timestamps": True}}.items():
            found = model.generate(
                input_features=x, language="en", task="transcribe", do_sample=False, max_new_tokens=40, **settings)
            found = found if torch.is_tensor(found) else found["sequences"]
            row[key] = found[0].tolist()
        expected[name] = row
    sound, rate = soundfile.read(f"{CLIPS}/date-of-birth.flac", dtype="float32")
    other, _ = soundfile.read(f"{CLIPS}/phone-number.flac", dtype="float32")
    sound = torch.cat([torch.tensor(sound), torch.tensor(other)]).numpy()
    x = features(sound, sampling_rate=rate, return_tensors="pt", truncation=False, padding="longest", return_attention_mask=True)
    found = model.generate(
        **x, language="en", task="transcribe", do_sample=False, return_timestamps=True, return_segments=True,
        condition_on_prev_tokens=True, max_new_tokens=28, temperature=0.0)
    expected["long"] = [
        {"start": float(part["start"]), "end": float(part["end"]), "tokens": part["tokens"].tolist()}
        for part in found["segments"][0]]
    json.dump(expected, open("tiny/expected.json", "w"), indent=1)


if __name__ == "__main__":
    with torch.no_grad():
        main()
