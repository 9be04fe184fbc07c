"""Writes element_types.safetensors with the Python package `safetensors`: a tensor of each element type.

Run with torch and safetensors installed: python make_fixtures.py
"""

import os

import torch
from safetensors.torch import save_file

numbers = [0.0, 1.0, -2.5, 65504.0, 0.0999755859375, 2.0**-24]
integers = [0, 1, 2, 3, 100, 127]
tensors = {
    "float64": torch.tensor(numbers + [1e300], dtype=torch.float64),
    "float32": torch.tensor(numbers, dtype=torch.float32).reshape(2, 3),
    "float16": torch.tensor(numbers, dtype=torch.float16).reshape(3, 2),
    "bfloat16": torch.tensor([0.0, 1.0, -2.5, 65536.0, 0.10009765625], dtype=torch.bfloat16),
    "int64": torch.tensor([-(2**63), -1, 2**63 - 1], dtype=torch.int64),
    "int32": torch.tensor([-(2**31), -1, 2**31 - 1], dtype=torch.int32),
    "int16": torch.tensor([-(2**15), -1, 2**15 - 1], dtype=torch.int16),
    "int8": torch.tensor([-128, -1, 127], dtype=torch.int8),
    "uint8": torch.tensor([0, 1, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "float8": torch.tensor([1.0, 2.0], dtype=torch.float8_e4m3fn),
    "scalar": torch.tensor(3.5),
    "empty": torch.zeros(0, 4),
    'name "quoted" \\ é 😀\n': torch.tensor([7.0]),
}
folder = os.path.dirname(os.path.abspath(__file__))
save_file(tensors, os.path.join(folder, "element_types.safetensors"), metadata={"format": "pt"})
