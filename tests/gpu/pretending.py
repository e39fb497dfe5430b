"""What the studio draws on a pretended CUDA device, beside the CPU; prints one line of JSON.

`python -m tests.gpu.pretending FOLDER [FAMILY …]`. For each family: how many levels of grey its
tiny pictures are apart in each way to draw them, or the error. Without families: what a network
that comes in groups computes after its weights were changed midway.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import MediaLabError
from medialab.loading.taking_turns import in_groups
from medialab.process import threads
from models.paperdoll import family as paperdoll
from tests.gpu.pretended import load_guard, pretended
from tests.tiny.checkpoints import write_paperdoll
from tests.tiny.families import write_families

WAYS = {
    "plain": {},
    "parts in turns": {"offload": "parts"},
    "float16": {"precision": "float16"},
    "from a picture": {"mode": "img2img"},
    "two at once": {"batch_size": 2, "draw_together": 2},
}
_SIDE = 64


def drawn(models, outputs, device, name, changes):
    """Draw a picture; return its levels."""
    told = {"prompt": "a red ball", "negative_prompt": "blue", "steps": 3, "seed": 7}
    told |= {"width": _SIDE, "height": _SIDE, "checkpoint": name, "precision": "float32", **changes}
    with Workbench(models, outputs, device=device) as bench:
        if "mode" in told:
            numbers = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
            told["image"] = bench.keep(Image.fromarray(numbers))
        image = bench.execute(PipelineConfig.parse(told), save=False).image
    return np.asarray(image).astype(int)


def apart(folder, name, way):
    """Return how many levels a picture is apart, or why there is none."""
    here = {**WAYS[way], "precision": "float32", "offload": "automatic"}
    try:
        with pretended():
            there = drawn(folder / "models", folder / way, "cuda", name, WAYS[way])
        expected = drawn(folder / "models", folder / f"{way} here", "cpu", name, here)
    except (MediaLabError, RuntimeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    return int(np.abs(there - expected).max())


class Blocks(torch.nn.Module):
    """A few blocks, as a denoiser has them."""

    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(3))

    def forward(self, given):
        for block in self.blocks:
            given = block(given)
        return given


def in_groups_changed_midway():
    """Return whether a network in groups computes with weights that a LoRA begins and ends."""
    torch.manual_seed(0)
    network, given, merged = Blocks().requires_grad_(False), torch.randn(1, 4), torch.randn(4, 4)
    weight = network.blocks[1].weight
    own = weight.data
    every = [own, own, merged, merged, own]

    def computed(place):
        found = []
        for one in every:
            weight.data = one
            found.append(network(given.to(place)).cpu())
        return found

    expected = computed("cpu")
    with pretended(), in_groups(network, "cuda"):
        found = computed("cuda")
    return [torch.equal(one, other) for one, other in zip(found, expected, strict=True)]


def main(folder, *names):
    """Measure, and print a dictionary."""
    folder = Path(folder)
    load_guard(folder)
    threads.preload()
    told = {}
    if names:
        write_paperdoll(folder / "doll", paperdoll.make_tokenizer(folder / "tokenizer"))
        write_families(folder / "models", names, folder / "doll")
    else:
        told["groups"] = in_groups_changed_midway()
    for name in names:
        told[name] = {way: apart(folder, name, way) for way in WAYS}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
