"""Writes for the tests what PyTorch computes with the sample's model.

    python answers.py ROOT        # torch, safetensors; ROOT is the sample's folder

Reads the checkpoint in ROOT/Sources/SensorPlugin/sensor-activity, and writes to ROOT/Tests/SensorPluginTests/Fixtures
golden.safetensors (tensors) and expected.json (the files in ROOT/Recordings).
"""
import argparse, csv, json, os, random

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from recordings import ACTIVITIES, recording

CHANNELS, LENGTH, PATCH, WIDTH, LAYERS, HEADS, INNER = ["x", "y", "z"], 128, 16, 32, 2, 4, 64
WINDOWS = 16
MEAN, STD = [1.5, 0.0, 9.0], [2.5, 1.5, 4.0]


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.feed_forward_norm = nn.LayerNorm(WIDTH)
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)

    def forward(self, x):
        y = self.attention_norm(x)
        query, key, value = (part(y).unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (self.query, self.key, self.value))
        x = x + self.output(functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))
        return x + self.outer(functional.gelu(self.inner(self.feed_forward_norm(x))))


class SensorTransformer(nn.Module):
    """[batch, channels, samples] to [batch, labels]."""

    def __init__(self):
        super().__init__()
        self.projection = nn.Linear(len(CHANNELS) * PATCH, WIDTH)
        self.class_token = nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        self.positions = nn.Parameter(0.02 * torch.randn(1 + LENGTH // PATCH, WIDTH))
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.classifier = nn.Linear(WIDTH, len(ACTIVITIES))

    def forward(self, x):
        patches = x.unflatten(2, (-1, PATCH)).transpose(1, 2).flatten(2)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), self.projection(patches)], 1) + self.positions
        hidden = [x]
        for layer in self.layers:
            x = layer(x)
            hidden.append(x)
        x = self.norm(x)
        return {"logits": self.classifier(x[:, 0]), "last_hidden_state": x, "hidden": hidden}


def normalized(rows):
    """[samples, channels] to [channels, samples]."""
    return ((rows - torch.tensor(MEAN)) / torch.tensor(STD)).transpose(-1, -2)


def windows(rows):
    """At most WINDOWS windows, evenly spread: the first at the start, the last at the end."""
    spare = len(rows) - LENGTH
    count = min(WINDOWS, spare // LENGTH + 2) if spare else 1
    starts = [spare * index // (count - 1) if count > 1 else 0 for index in range(count)]
    return torch.stack([normalized(rows[start:start + LENGTH]) for start in starts])


def answers(model, root):
    fixtures = f"{root}/Tests/SensorPluginTests/Fixtures"
    os.makedirs(fixtures, exist_ok=True)
    generator = random.Random(7)
    inputs = normalized(torch.tensor([recording(activity, LENGTH, generator) for activity in ACTIVITIES[:4]]))
    outputs = model(inputs)
    tensors = {"input_values": inputs, "logits": outputs["logits"], "last_hidden_state": outputs["last_hidden_state"]}
    tensors |= {f"hidden.{index}": states for index, states in enumerate(outputs["hidden"])}
    save_file({name: value.contiguous() for name, value in tensors.items()}, f"{fixtures}/golden.safetensors")
    expected = {}
    for name in sorted(os.listdir(f"{root}/Recordings")):
        with open(f"{root}/Recordings/{name}") as file:
            rows = torch.tensor([[float(row[channel]) for channel in CHANNELS] for row in csv.DictReader(file)])
        probabilities = model(windows(rows))["logits"].softmax(-1).mean(0)
        expected[name] = {activity: round(p, 7) for activity, p in zip(ACTIVITIES, probabilities.tolist())}
    with open(f"{fixtures}/expected.json", "w") as file:
        json.dump(expected, file, indent=2)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root")
    root = parser.parse_args().root
    model = SensorTransformer().eval()
    model.load_state_dict(load_file(f"{root}/Sources/SensorPlugin/sensor-activity/model.safetensors"))
    with torch.no_grad():
        answers(model, root)


if __name__ == "__main__":
    main()
