"""Write small random vision checkpoints with what the reference answers for them.

    python make_vision.py OUT        # torch, transformers, timm and safetensors

Each OUT/NAME holds config.json, model.safetensors and golden.safetensors: pixel_values, logits and the hidden states.
Weights are drawn wide, so that a wrong sign, order or scale shows.
"""
import math, os, sys

import timm, torch
from safetensors.torch import save_file
from timm.models._hub import save_config_for_hf
from transformers import (
    DeiTConfig, DeiTForImageClassification, DeiTForImageClassificationWithTeacher, ViTConfig, ViTForImageClassification, ViTModel,
)

OUT = sys.argv[1]


def widen(model, generator):
    for name, parameter in model.named_parameters():
        if "gamma" in name:
            parameter.data = 0.5 + 0.2 * torch.randn(parameter.shape, generator=generator)
        elif parameter.dim() >= 2:
            fan = 4 if "token" in name or "pos" in name else parameter[0].numel()
            parameter.data = torch.randn(parameter.shape, generator=generator) * 1.4 / math.sqrt(fan)
        else:
            offset = 1 if "norm" in name and name.endswith("weight") else 0
            parameter.data = offset + 0.2 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def golden(name, tensors):
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, f"{OUT}/{name}/golden.safetensors")


def transformers_case(name, model_class, configuration, seed):
    generator = torch.Generator().manual_seed(seed)
    model = widen(model_class(configuration), generator)
    size = configuration.image_size
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    pixels = torch.randn(2, configuration.num_channels, height, width, generator=generator)
    answer = model(pixel_values=pixels, output_hidden_states=True)
    model.save_pretrained(f"{OUT}/{name}")
    outputs = {k: answer[k] for k in ("logits", "last_hidden_state", "pooler_output") if k in answer}
    golden(name, {"pixel_values": pixels, **outputs, **{f"hidden.{i}": h for i, h in enumerate(answer.hidden_states)}})


def timm_case(name, architecture, seed, **arguments):
    generator = torch.Generator().manual_seed(seed)
    model = widen(timm.create_model(architecture, pretrained=False, **arguments), generator)
    pixels = torch.randn(2, 3, *model.patch_embed.img_size, generator=generator)
    os.makedirs(f"{OUT}/{name}", exist_ok=True)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, f"{OUT}/{name}/model.safetensors")
    save_config_for_hf(model, f"{OUT}/{name}/config.json", model_args={k: v for k, v in arguments.items() if k != "num_classes"})
    golden(name, {"pixel_values": pixels, "logits": model(pixels), "last_hidden_state": model.forward_features(pixels)})


small = dict(num_hidden_layers=2, num_labels=5)
with torch.no_grad():
    transformers_case("vit", ViTForImageClassification, ViTConfig(
        hidden_size=36, num_attention_heads=3, intermediate_size=50, image_size=24, patch_size=8, **small), 1)
    transformers_case("vit-odd", ViTForImageClassification, ViTConfig(
        hidden_size=34, num_attention_heads=2, intermediate_size=37, image_size=[21, 40], patch_size=[5, 8], num_channels=1,
        hidden_act="quick_gelu", qkv_bias=False, layer_norm_eps=1e-5, **small), 2)
    transformers_case("vit-headless", ViTModel, ViTConfig(
        hidden_size=32, num_attention_heads=4, intermediate_size=48, image_size=16, patch_size=8, num_hidden_layers=2), 3)
    transformers_case("deit", DeiTForImageClassification, DeiTConfig(
        hidden_size=32, num_attention_heads=2, intermediate_size=48, image_size=24, patch_size=8, **small), 4)
    transformers_case("deit-teacher", DeiTForImageClassificationWithTeacher, DeiTConfig(
        hidden_size=32, num_attention_heads=4, intermediate_size=40, image_size=16, patch_size=4, hidden_act="gelu_new", **small), 5)
    tiny = dict(embed_dim=36, depth=2, num_heads=3, num_classes=5)
    timm_case("timm-vit", "vit_tiny_patch16_224", 6, img_size=48, **tiny)
    timm_case("timm-registers", "vit_little_patch16_reg4_gap_256", 7, img_size=32, **tiny)
    timm_case("timm-distilled", "deit_tiny_distilled_patch16_224", 8, img_size=32, **tiny)
    timm_case("timm-deit3", "deit3_small_patch16_224", 9, img_size=32, **tiny)
    timm_case("timm-clip", "vit_base_patch16_clip_quickgelu_224", 10, img_size=32, **tiny)
