"""What PyTorch makes of one batch of each small checkpoint: the loss, all gradients, and the losses of ten steps of AdamW.

    python make_training.py

Writes CASE.safetensors: the inputs under the reference's names, `targets`, `loss`, `losses`, and for each parameter
`gradient.NAME`, in fp16 as a share of its largest element, with `largest.NAME`. Dropout is off.
"""

import copy
import pathlib
import tempfile

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import (AutoModelForCausalLM, AutoModelForImageClassification, AutoModelForSeq2SeqLM,
                          AutoModelForSequenceClassification, WhisperForConditionalGeneration)

HERE = pathlib.Path(__file__).parent
CASES = {
    "vit": ("vision/vit", AutoModelForImageClassification),
    "bert": ("text/bert-classifier", AutoModelForSequenceClassification),
    "gpt2": ("text/gpt2", AutoModelForCausalLM),
    "marian": ("text/marian", AutoModelForSeq2SeqLM),
    "t5": ("text/t5", AutoModelForSeq2SeqLM),
    "t5-gated": ("text/t5-gated", AutoModelForSeq2SeqLM),
    "whisper": ("speech/tiny", WhisperForConditionalGeneration),
}
INPUTS = {"pixel_values", "input_ids", "attention_mask", "token_type_ids", "decoder_input_ids", "input_features"}


def published_gradients(model):
    """Gradients under the names that checkpoints are published with: those that the model is saved under."""
    copied = copy.deepcopy(model)
    known = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    # NaN marks what has no gradient: buffers are saved too.
    with torch.no_grad():
        for tensor in [*copied.parameters(), *copied.buffers()]:
            if tensor.is_floating_point():
                tensor.fill_(float("nan"))
        for name, parameter in copied.named_parameters():
            if name in known:
                parameter.copy_(dict(model.named_parameters())[name].grad)
    with tempfile.TemporaryDirectory() as folder:
        copied.save_pretrained(folder)
        saved = load_file(pathlib.Path(folder) / "model.safetensors")
    return {name: tensor for name, tensor in saved.items() if tensor.is_floating_point() and not tensor.isnan().any()}


def main():
    torch.set_num_threads(1)
    for name, (folder, kind) in CASES.items():
        torch.manual_seed(8)
        golden = load_file(HERE.parent / folder / "golden.safetensors")
        inputs = {key: value for key, value in golden.items() if key in INPUTS}
        model = kind.from_pretrained(HERE.parent / folder, attn_implementation="eager").eval()
        if "input_features" in inputs:
            # Fixed sinusoids, as the model's constructor has it; loading forgets that.
            model.model.encoder.embed_positions.requires_grad_(False)
            # One window, of numbers that fp16 has, to keep the file small.
            inputs["input_features"] = inputs["input_features"][:1].half().float()
            inputs["decoder_input_ids"] = torch.randint(0, model.config.vocab_size, (len(inputs["input_features"]), 7))
        logits = model(**inputs).logits
        targets = torch.randint(0, logits.shape[-1], logits.shape[:-1])
        targets.view(-1)[1::5] = -100

        def loss_of():
            scores = model(**inputs).logits
            return functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), targets.reshape(-1))

        loss = loss_of()
        loss.backward()
        stored = {key: value.half() if key == "input_features" else value for key, value in inputs.items()}
        result = {**stored, "targets": targets, "loss": loss.detach()}
        for key, gradient in published_gradients(model).items():
            largest = gradient.abs().max().clamp(min=1e-30)
            result[f"largest.{key}"] = largest
            result[f"gradient.{key}"] = (gradient / largest).half()

        decayed = [p for p in model.parameters() if p.dim() > 1]
        spared = [p for p in model.parameters() if p.dim() <= 1]
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.05}, {"params": spared, "weight_decay": 0.0}], lr=2e-3)
        losses = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = loss_of()
            losses.append(loss.detach())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        result["losses"] = torch.stack(losses)
        save_file({key: value.contiguous() for key, value in result.items()}, HERE / f"{name}.safetensors")
        (HERE / f"{name}.safetensors").chmod(0o644)
        print(name, float(losses[0]), float(losses[-1]))


if __name__ == "__main__":
    main()
