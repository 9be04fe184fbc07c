"""Writes what transformers and timm make of one image under many configurations.

    python make_conversions.py   (needs transformers 5, timm and their Pillow processors)

`conversions.ppm` is the image; `conversions.json` has for each configuration the shape of the result and some of
its numbers under their places in row-major order.
"""

import json
import pathlib

import numpy as np
from PIL import Image
from timm.data import create_transform, resolve_data_config
from transformers.models.beit.image_processing_pil_beit import BeitImageProcessorPil
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

here = pathlib.Path(__file__).parent
random = np.random.default_rng(7)
y, x = np.mgrid[0:43, 0:61]
image = np.stack([128 + 90 * np.sin(x / (4 + c) + y / 5) for c in range(3)], 2) + random.normal(0, 20, (43, 61, 3))
image = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))
image.save(here / "conversions.ppm")

processors = {
    "ViT": ViTImageProcessorPil, "DeiT": DeiTImageProcessorPil, "CLIP": CLIPImageProcessorPil, "Bit": BitImageProcessorPil,
    "Siglip": SiglipImageProcessorPil, "Beit": BeitImageProcessorPil, "ConvNext": ConvNextImageProcessorPil,
}
transformers = [{"image_processor_type": f"{name}ImageProcessor"} for name in processors] + [
    {"feature_extractor_type": "ViTFeatureExtractor", "size": 32, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]},
    {"image_processor_type": "ViTImageProcessorFast", "size": {"height": 20, "width": 33}, "resample": 3, "rescale_factor": 1 / 127.5},
    {"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 31}, "do_normalize": False},
    {"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 31, "longest_edge": 40}},
    {"image_processor_type": "ViTImageProcessor", "do_resize": False, "image_mean": 0.4, "image_std": 0.3},
    {"image_processor_type": "DeiTImageProcessor", "size": 40, "crop_size": 33},
    {"image_processor_type": "DeiTImageProcessor", "size": 20, "crop_size": {"height": 25, "width": 18}},
    {"feature_extractor_type": "CLIPFeatureExtractor", "size": 30, "crop_size": 27, "resample": 1, "do_convert_rgb": True},
    {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 24}, "do_center_crop": False, "do_rescale": False},
    {"image_processor_type": "SiglipImageProcessor", "size": 22, "resample": 0},
    {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 28}, "crop_pct": 0.9},
    {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 384}, "resample": 4},
]
timm = [
    {"input_size": [3, 32, 32]},
    {"input_size": [3, 32, 32], "crop_pct": 0.9, "interpolation": "bilinear", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    {"input_size": [3, 30, 41], "crop_pct": 0.95, "interpolation": "lanczos"},
    {"input_size": [3, 31, 31], "crop_pct": 1.0, "crop_mode": "squash", "interpolation": "hamming"},
    {"input_size": [3, 31, 45], "crop_pct": 0.9, "crop_mode": "border", "interpolation": "box"},
    {"input_size": [3, 33, 33], "crop_pct": 1.3, "crop_mode": "center", "interpolation": "nearest"},
]


def case(kind, configuration, numbers):
    numbers = np.asarray(numbers, dtype=np.float32)
    places = sorted(int(i) for i in random.choice(numbers.size, 40, replace=False))
    values = [float(numbers.ravel()[i]) for i in places]
    return {"kind": kind, "configuration": configuration, "shape": list(numbers.shape), "places": places, "values": values}


cases = []
for configuration in transformers:
    kind = next(iter(configuration.values())).removesuffix("Fast").removesuffix("ImageProcessor").removesuffix("FeatureExtractor")
    arguments = {key: value for key, value in configuration.items() if not key.endswith("_type")}
    cases.append(case("transformers", configuration, processors[kind](**arguments)(image, return_tensors="np")["pixel_values"]))
for configuration in timm:
    transform = create_transform(**resolve_data_config({}, pretrained_cfg=configuration))
    cases.append(case("timm", configuration, transform(image)[None].numpy()))
(here / "conversions.json").write_text(json.dumps(cases, indent=0))
