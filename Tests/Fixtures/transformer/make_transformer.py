"""Writes the fixtures of this folder: small Transformer stacks with the hidden states that the reference computes.

Each file holds a stack's weights under their published names, `inputs_embeds` (without positions), `attention_mask`
where one is used, the states `hidden.0`, `hidden.1`, … before and after each layer, and `output`, after the final norm
where there is one. The reference runs in double precision on weights that are exact in single precision.

    python make_transformer.py

Written with torch 2.15, transformers 5.23, timm 1.0.31 and safetensors 0.8.
"""

import math
import os
import tempfile

import torch
import timm.models.vision_transformer
import transformers
from safetensors.torch import load_file, save_file
from transformers.models.t5.modeling_t5 import T5Attention

FOLDER = os.path.dirname(os.path.abspath(__file__))
WIDTH, HEADS, INNER, LAYERS = 24, 3, 40, 2


def randomize(model, seed):
    """Draws weights large enough that every part of the stack leaves its mark on the result."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            draw = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim == 1:
                is_norm = "norm" in name.lower() or ".ln_" in name or name.startswith("ln_")
                parameter.copy_(draw * 0.1 + (1 if is_norm and name.endswith("weight") else 0))
            elif "relative_attention_bias" in name:
                parameter.copy_(draw)
            elif "position" in name or "wpe" in name or "pos_embed" in name:
                parameter.copy_(draw * 0.5)
            else:
                fan_in = parameter.shape[0] if "c_" in name else parameter.shape[-1]
                parameter.copy_(draw / math.sqrt(fan_in))
            if name.endswith("gamma"):
                parameter.mul_(4)
    return model.eval().double()


def inputs(seed, batch, positions):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, positions, WIDTH, generator=generator).double()


def published(model):
    """The weights as `save_pretrained` names them."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(os.path.join(folder, "model.safetensors"))


def run(layers, body):
    """What goes into the first of `layers` and comes out of each, and the result of `body`."""
    states = []

    def first(module, arguments, keywords):
        states.append(arguments[0] if arguments else keywords["hidden_states"])

    def after(module, arguments, result):
        states.append(result[0] if isinstance(result, tuple) else result)

    handles = [layers[0].register_forward_pre_hook(first, with_kwargs=True)]
    handles += [layer.register_forward_hook(after) for layer in layers]
    with torch.no_grad():
        output = body()
    for handle in handles:
        handle.remove()
    tensors = {f"hidden.{index}": state for index, state in enumerate(states)}
    tensors["output"] = output
    return tensors


def write(name, weights, tensors, unused=()):
    kept = {key: value for key, value in weights.items() if not any(part in key for part in unused)}
    tensors = {
        key: (value.float() if value.is_floating_point() else value).contiguous() for key, value in (kept | tensors).items()
    }
    path = os.path.join(FOLDER, f"{name}.safetensors")
    save_file(tensors, path)
    os.chmod(path, 0o644)


def bert():
    model = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=5, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER,
            max_position_embeddings=16, type_vocab_size=1, attn_implementation="eager"),
        add_pooling_layer=False)
    randomize(model, 1)
    with torch.no_grad():
        model.embeddings.token_type_embeddings.weight.zero_()
    x = inputs(101, 3, 11)
    mask = torch.ones(3, 11, dtype=torch.int64)
    mask[1, 7:] = 0
    mask[2, 1:] = 0
    states = run(
        model.encoder.layer, lambda: model(inputs_embeds=x, attention_mask=mask).last_hidden_state)
    write("bert", published(model), states | {"inputs_embeds": x, "attention_mask": mask}, ["word_emb", "token_type"])


def t5(name, projection, buckets, maximum, positions, seed):
    model = transformers.T5EncoderModel(
        transformers.T5Config(
            vocab_size=5, d_model=WIDTH, d_kv=10, d_ff=INNER, num_layers=LAYERS, num_heads=HEADS,
            relative_attention_num_buckets=buckets, relative_attention_max_distance=maximum,
            feed_forward_proj=projection))
    randomize(model, seed)
    x = inputs(100 + seed, 1, positions)
    states = run(model.encoder.block, lambda: model(inputs_embeds=x).last_hidden_state)
    write(name, published(model), states | {"inputs_embeds": x}, ["shared", "embed_tokens"])


def marian():
    configuration = transformers.MarianConfig(
        vocab_size=5, d_model=WIDTH, encoder_layers=LAYERS, decoder_layers=1, encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS, encoder_ffn_dim=INNER, decoder_ffn_dim=4, max_position_embeddings=32,
        activation_function="swish", scale_embedding=True, pad_token_id=0, attn_implementation="eager")
    model = transformers.MarianModel(configuration)
    stored = model.encoder.embed_positions.weight.clone()
    randomize(model, 4)
    with torch.no_grad():
        model.encoder.embed_positions.weight.copy_(stored)
    x = inputs(104, 2, 19)
    mask = torch.ones(2, 19, dtype=torch.int64)
    mask[0, 12:] = 0
    states = run(
        model.encoder.layers,
        lambda: model.encoder(inputs_embeds=x * math.sqrt(WIDTH), attention_mask=mask).last_hidden_state)
    write(
        "marian", published(model), states | {"inputs_embeds": x, "attention_mask": mask},
        ["shared", "decoder", "embed_tokens", "embed_positions", "final_logits"])


def whisper():
    configuration = transformers.WhisperConfig(
        vocab_size=5, d_model=WIDTH, encoder_layers=LAYERS, decoder_layers=1, encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS, encoder_ffn_dim=INNER, decoder_ffn_dim=4, max_source_positions=21,
        max_target_positions=4, num_mel_bins=2, pad_token_id=0, attn_implementation="eager")
    model = transformers.WhisperModel(configuration)
    stored = model.encoder.embed_positions.weight.clone()
    randomize(model, 5)
    encoder = model.encoder
    with torch.no_grad():
        encoder.embed_positions.weight.copy_(stored)
    x = inputs(105, 2, 21)

    def body():
        states = x + encoder.embed_positions.weight
        for layer in encoder.layers:
            states = layer(states, None)
            states = states[0] if isinstance(states, tuple) else states
        return encoder.layer_norm(states)

    write(
        "whisper", published(model), run(encoder.layers, body) | {"inputs_embeds": x}, ["decoder", "conv"])


def llama():
    model = transformers.LlamaModel(
        transformers.LlamaConfig(
            vocab_size=5, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS, num_attention_heads=6,
            num_key_value_heads=2, head_dim=6, max_position_embeddings=64, rms_norm_eps=1e-5, pad_token_id=0,
            attn_implementation="eager"))
    randomize(model, 6)
    x = inputs(106, 2, 23)
    states = run(model.layers, lambda: model(inputs_embeds=x, use_cache=False).last_hidden_state)
    write("llama", published(model), states | {"inputs_embeds": x}, ["embed_tokens"])


def gpt2():
    model = transformers.GPT2Model(
        transformers.GPT2Config(
            vocab_size=5, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_inner=INNER, n_positions=32,
            attn_implementation="eager"))
    randomize(model, 7)
    x = inputs(107, 2, 17)
    mask = torch.ones(2, 17, dtype=torch.int64)
    mask[1, 13:] = 0
    states = run(
        model.h, lambda: model(inputs_embeds=x, attention_mask=mask, use_cache=False).last_hidden_state)
    weights = published(model)
    # The backbone reads [output, input]; one matrix also stays as it is stored.
    stored = {"stored.c_attn.weight": weights["h.0.attn.c_attn.weight"].clone()}
    weights = {key: value.T if value.ndim == 2 and "c_" in key else value for key, value in weights.items()}
    write("gpt2", weights | stored, states | {"inputs_embeds": x, "attention_mask": mask}, ["wte"])


def vit():
    model = transformers.ViTModel(
        transformers.ViTConfig(
            hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER,
            image_size=16, patch_size=4, num_channels=1, qkv_bias=False, hidden_act="quick_gelu",
            attn_implementation="eager"),
        add_pooling_layer=False)
    randomize(model, 8)
    x = inputs(108, 2, 17)
    layers = model.layers if hasattr(model, "layers") else model.encoder.layer

    def body():
        states = x + model.embeddings.position_embeddings
        for layer in layers:
            states = layer(states)
            states = states[0] if isinstance(states, tuple) else states
        return model.layernorm(states)

    write("vit", published(model), run(layers, body) | {"inputs_embeds": x}, ["cls_token", "patch_emb", "mask_token"])


def timm_vit():
    model = timm.models.vision_transformer.VisionTransformer(
        img_size=16, patch_size=4, in_chans=1, num_classes=0, embed_dim=WIDTH, depth=LAYERS, num_heads=HEADS,
        mlp_ratio=INNER / WIDTH, init_values=0.1, pre_norm=True, no_embed_class=True)
    randomize(model, 9)
    x = inputs(109, 2, 17)

    def body():
        # The class token has no position.
        states = torch.cat([x[:, :1], x[:, 1:] + model.pos_embed], dim=1)
        return model.norm(model.blocks(model.norm_pre(states)))

    weights = {key: value.detach().float() for key, value in model.state_dict().items()}
    write("timm_vit", weights, run(model.blocks, body) | {"inputs_embeds": x}, ["cls_token", "patch_embed"])


def positions():
    """Sinusoids as speech encoders store them, and the bucket of each distance from −200 to 200."""
    distances = torch.arange(-200, 201)
    tensors = {"sinusoids": transformers.models.whisper.modeling_whisper.sinusoids(50, 26)}
    for buckets, maximum in [(32, 128), (8, 20), (17, 64), (4, 3)]:
        for bidirectional in (True, False):
            name = f"{'both' if bidirectional else 'causal'}.{buckets}.{maximum}"
            tensors[name] = T5Attention._relative_position_bucket(distances, bidirectional, buckets, maximum)
    save_file(tensors, os.path.join(FOLDER, "positions.safetensors"))


if __name__ == "__main__":
    bert()
    t5("t5", "relu", 8, 20, 41, 2)
    t5("t5_gated", "gated-gelu", 16, 64, 67, 3)
    marian()
    whisper()
    llama()
    gpt2()
    vit()
    timm_vit()
    positions()
