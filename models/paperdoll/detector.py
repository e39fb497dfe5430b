"""The recipe of the detector: faces, hands and bodies as masks and boxes, by a small UperNet.

Source: Xiao et al., "Unified Perceptual Parsing for Scene Understanding", on a ConvNext; the
classes are transformers' own. It labels each pixel, and connected pixels of one label are one
detection. (A SegFormer of this size learnt a tenth as fast.)
"""

import random as stdlib_random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image, ImageDraw, ImageFilter
from transformers import ConvNextConfig, UperNetConfig, UperNetForSemanticSegmentation

from medialab.vision.detections import Detection
from medialab.vision.finders.semantic import Segmenter
from models.paperdoll import family, world
from models.paperdoll.draw import Picture, draw
from models.paperdoll.training import Trainer, contact_sheet, to_tensor

FOLDER = "detectors/paperdoll"  # below models/
LABELS = ("background", "body", "face", "hand")
COLOURS = {"body": "white", "face": "lime", "hand": "red"}  # of a detection, where it is shown
_PARTS = {"face": ("face",), "hand": ("left_hand", "right_hand")}
# The picture is enlarged to this for the network, which names pixels at half of it: a finger in a
# full body picture is a pixel and a half wide.
WORKING_SIZE = 2 * family.NATIVE_SIZE
_SHOWN = 24  # renders on the sheet
_LOOKED_AT = 64  # renders that tell how far training has come
_LEAST_PIXELS = 20  # of a 128 px picture; a finger's tip at the edge is no find
_ROUND_TRIPS = 0.12  # share of the steps whose pictures went through the VAE


def make_detector() -> UperNetForSemanticSegmentation:
    """Make the network (0.2 M weights): (n, 3, h, w) in [-1, 1] to scores (n, 4, h, w)."""
    backbone = ConvNextConfig(
        hidden_sizes=[16, 32, 48, 64],
        depths=[1, 1, 2, 1],
        patch_size=2,
        layer_scale_init_value=1.0,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    return UperNetForSemanticSegmentation(
        UperNetConfig(
            backbone_config=backbone,
            hidden_size=24,
            pool_scales=[1, 2],
            use_auxiliary_head=False,
            num_labels=len(LABELS),
            id2label=dict(enumerate(LABELS)),
            label2id={label: number for number, label in enumerate(LABELS)},
            working_size=WORKING_SIZE,
            parts_of={"body": ["face", "hand"]},
        )
    )


def train_detector(
    size: family.Size, steps: int, device: torch.device, *, warm: bool = False
) -> None:
    """Train by cross-entropy and Dice on renders, some blurred, noisy, or passed through the VAE.

    Dice (Milletari et al., "V-Net") lets a small hand count as much as a large face.
    """
    detector = make_detector()
    trainer = Trainer("detector", {"detector": detector}, device, rate=2e-3)
    if warm:
        trainer.start_from({"detector": family.MODELS / FOLDER})
    vae = AutoencoderKL.from_pretrained(
        family.CHECKPOINT / "vae", use_safetensors=True, local_files_only=True
    ).to(device)

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        scenes = [world.draw_split(random, held_out=False) for _ in range(max(2, size.batch // 4))]
        pictures = [draw(scene) for scene in scenes]
        pixels = to_tensor([_softened(picture.image, random) for picture in pictures]).to(device)
        if random.random() < _ROUND_TRIPS:
            with torch.no_grad():
                pixels = vae.decode(vae.encode(pixels).latent_dist.mode()).sample.clamp(-1, 1)
        pixels = pixels + torch.randn_like(pixels) * random.choice((0.0, 0.02, 0.06))
        wanted = torch.stack([class_map(picture) for picture in pictures]).to(device)
        detector.train()
        scores = F.avg_pool2d(detector(_enlarged(pixels)).logits, 2)
        weights = torch.tensor([1.0, 1.0, 2.0, 4.0], device=device)
        return F.cross_entropy(scores, wanted, weights) + _dice_loss(scores, wanted)

    def sample(path: Path, step: int) -> None:
        found = make_detector().to(device)
        found.load_state_dict(trainer.averaged("detector"))
        segmenter = Segmenter(found.eval(), str(device))
        measured = measure(segmenter, held_out(_LOOKED_AT))
        text = ", ".join(f"{label} {measured[label]['mask']:.3f}" for label in LABELS[1:])
        print(f"step {step}: mask IoU {text}", flush=True)
        pictures = [draw(scene, masks=False).image for scene in held_out(_SHOWN // 2)]
        contact_sheet([outlined(one, find(segmenter, one)) for one in pictures], 6).save(path)

    if trainer.run(steps, loss, sample, sample_every=250):
        finished = make_detector()
        finished.load_state_dict(trainer.averaged("detector"))
        family.save_part(family.MODELS / FOLDER, finished)
        print(f"written: models/{FOLDER}")


def _softened(image: Image.Image, random: stdlib_random.Random) -> Image.Image:
    radius = random.choice((0.0, 0.0, 0.0, 0.5, 1.0))
    return image.filter(ImageFilter.GaussianBlur(radius)) if radius else image


def _enlarged(pixels: torch.Tensor) -> torch.Tensor:
    return F.interpolate(pixels, scale_factor=2, mode="bilinear", align_corners=False)


def class_map(picture: Picture) -> torch.Tensor:
    """Return (h, w) indices into `LABELS`; hands lie over faces, faces over bodies."""
    names = np.zeros(picture.image.size[::-1], np.int64)
    for number, masks in enumerate((("body",), *_PARTS.values()), start=1):
        for mask in masks:
            if mask in picture.masks:
                names[np.asarray(picture.masks[mask]) > 0] = number
    return torch.from_numpy(names)


def _dice_loss(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    chances = scores.softmax(1)[:, 1:]
    truth = F.one_hot(wanted, len(LABELS)).permute(0, 3, 1, 2)[:, 1:].float()
    both = (chances * truth).sum((0, 2, 3))
    dice = 2 * both / (chances.sum((0, 2, 3)) + truth.sum((0, 2, 3)) + 1)
    # Hands come last in LABELS, and last in what is learnt.
    return 1 - (dice * dice.new_tensor([0.2, 0.3, 0.5])).sum()


def find(segmenter: Segmenter, image: Image.Image) -> list[Detection]:
    """Detect bodies, faces and hands, in the same way as the studio's detailers."""
    return [found for label in LABELS[1:] for found in segmenter.find(image, label)]


def outlined(image: Image.Image, detections: list[Detection]) -> Image.Image:
    """Return the picture with a box around each detection: body white, face green, hand red."""
    shown = image.copy()
    pen = ImageDraw.Draw(shown)
    for found in detections:
        left, top, right, bottom = found.box.edges
        pen.rectangle((left, top, right - 1, bottom - 1), outline=COLOURS[found.label])
    return shown


def held_out(count: int) -> list[world.Scene]:
    """Return scenes that were held out of training."""
    random = stdlib_random.Random("detector")
    return [world.draw_split(random, held_out=True) for _ in range(count)]


def measure(segmenter: Segmenter, scenes: list[world.Scene]) -> dict[str, dict[str, float]]:
    """Return per label the mean IoU of masks and boxes (0 if undetected), and the precision.

    Parts of fewer than twenty pixels, such as a fingertip at the edge, are not counted.
    """
    overlaps: dict[str, list[tuple[float, float]]] = {label: [] for label in LABELS[1:]}
    right: dict[str, list[bool]] = {label: [] for label in LABELS[1:]}
    for scene in scenes:
        picture = draw(scene)
        finds = find(segmenter, picture.image)
        for label in LABELS[1:]:
            mine = [found for found in finds if found.label == label]
            parts = [
                picture.masks[name]
                for name in _PARTS.get(label, ("body",))
                if name in picture.masks
                and np.count_nonzero(np.asarray(picture.masks[name])) >= _LEAST_PIXELS
            ]
            pairs = [[_overlap(part, found) for found in mine] for part in parts]
            overlaps[label] += [max(row, default=(0.0, 0.0)) for row in pairs]
            right[label] += [any(row[n][0] > 0.5 for row in pairs) for n in range(len(mine))]
    return {
        label: {
            "mask": float(np.mean([pair[0] for pair in overlaps[label]] or [0.0])),
            "box": float(np.mean([pair[1] for pair in overlaps[label]] or [0.0])),
            "precision": float(np.mean(right[label] or [0.0])),
            "parts": len(overlaps[label]),
        }
        for label in LABELS[1:]
    }


def _overlap(part: Image.Image, found: Detection) -> tuple[float, float]:
    """Return the IoU of the masks, and of their boxes."""
    truth, got = np.asarray(part) > 0, np.asarray(found.mask) > 0
    masks = np.count_nonzero(truth & got) / np.count_nonzero(truth | got)
    first, second = part.getbbox() or (0, 0, 0, 0), found.box.edges
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    both = max(0, width) * max(0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return masks, both / (areas - both)


def load(device: torch.device) -> Segmenter:
    """Load the shipped detector."""
    network = UperNetForSemanticSegmentation.from_pretrained(
        family.MODELS / FOLDER, use_safetensors=True, local_files_only=True
    )
    return Segmenter(network.to(device).eval(), str(device))


def evaluate_detector(count: int, device: torch.device, sheet: Path) -> str:
    """Measure the detector on held-out renders, sharp and passed through the VAE."""
    segmenter = load(device)
    measured = measure(segmenter, held_out(count))
    rows = ["| part | mask IoU | box IoU | right detections | parts |", "|---|---|---|---|---|"]
    for label, figures in measured.items():
        rows.append(
            f"| {label} | {figures['mask']:.3f} | {figures['box']:.3f} "
            f"| {figures['precision']:.1%} | {figures['parts']:.0f} |"
        )
    pictures = [draw(scene, masks=False).image for scene in held_out(_SHOWN)]
    contact_sheet([outlined(one, find(segmenter, one)) for one in pictures], 8).save(sheet)
    return "\n".join(rows)
