"""Writes changes.json: what torchvision's RandAugment makes of a small picture, change by change."""
import json
import pathlib

import torch
from torchvision.transforms.autoaugment import RandAugment, _apply_op
from torchvision.transforms.functional import InterpolationMode

torch.manual_seed(3)
width, height = 15, 11
# Smooth colours and some noise, so that histograms and edges have something to do.
x, y = torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy")
base = torch.stack([40 + 6 * x + y, 200 - 5 * x + 2 * y, 30 + 3 * x + 7 * y])
image = (base + torch.randint(-20, 21, base.shape)).clamp(0, 255).to(torch.uint8)
names = {
    "Identity": "identity", "ShearX": "shearX", "ShearY": "shearY", "TranslateX": "translateX", "TranslateY": "translateY",
    "Rotate": "rotate", "Brightness": "brightness", "Color": "color", "Contrast": "contrast", "Sharpness": "sharpness",
    "Posterize": "posterize", "Solarize": "solarize", "AutoContrast": "autoContrast", "Equalize": "equalize",
}


def rows(picture):
    return picture.permute(1, 2, 0).flatten().tolist()


changes = []
for name, (magnitudes, is_signed) in RandAugment()._augmentation_space(31, (height, width)).items():
    for magnitude in (9, 22):
        for sign in (1, -1) if is_signed else (1,):
            value = float(magnitudes[magnitude].item()) if magnitudes.ndim > 0 else 0.0
            result = _apply_op(image, name, sign * value, InterpolationMode.NEAREST, None)
            changes.append(
                {"operation": names[name], "magnitude": magnitude, "isNegative": sign < 0, "pixels": rows(result)})
path = pathlib.Path(__file__).parent / "changes.json"
path.write_text(json.dumps({"width": width, "height": height, "pixels": rows(image), "changes": changes}) + "\n")
