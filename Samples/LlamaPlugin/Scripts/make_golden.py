"""Writes a small random Llama with what transformers answers for it.

    python make_golden.py OUT        # torch, transformers and safetensors

OUT holds the checkpoint with a tokenizer of 300 pieces, and golden.safetensors: ids filled up at the front, every hidden state, the
logits, and what greedy and beam search write.
"""
import math, sys

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

OUT = sys.argv[1]
TEXT = ["Swifts sleep on the wing, and land only to nest.", "The common swift is Apus apus.", "How are you? I am well, thank you."]

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(
    vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>").save_pretrained(OUT)

configuration = LlamaConfig(
    vocab_size=tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, rope_theta=500.0, rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=1,
    pad_token_id=1)
model = LlamaForCausalLM(configuration)
generator = torch.Generator().manual_seed(1)
for name, parameter in model.named_parameters():
    # Wide enough that a wrong sign shows at once.
    if parameter.dim() >= 2:
        parameter.data = torch.randn(parameter.shape, generator=generator) * 1.4 / math.sqrt(parameter[0].numel())
    else:
        parameter.data = 1 + 0.2 * torch.randn(parameter.shape, generator=generator)
model.save_pretrained(OUT)
model = LlamaForCausalLM.from_pretrained(OUT).eval()
with torch.no_grad():
    ids = torch.randint(2, configuration.vocab_size, (3, 9), generator=generator)
    answer = model(input_ids=ids, output_hidden_states=True)
    tensors = {"input_ids": ids, "logits": answer.logits}
    tensors |= {f"hidden.{index}": states for index, states in enumerate(answer.hidden_states)}
    options = dict(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
    tensors["greedy"] = model.generate(**options, num_beams=1)
    tensors["beam4"] = model.generate(**options, num_beams=4)
save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, f"{OUT}/golden.safetensors")
