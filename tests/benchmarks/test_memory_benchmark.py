"""What SD1.5 and SDXL need of memory, from their published shapes; no weight is made or read.

`pytest -s tests/benchmarks/test_memory_benchmark.py` prints the table that docs/performance.md has.
"""

from pathlib import Path

import pytest

from medialab.families.unet_clip.needs import UNetNeeds
from medialab.loading.memory_needs import decoding_bytes
from medialab.process.memory import gigabytes
from medialab.process.precisions import ITEM_BYTES

CONFIGS = Path(__file__).resolve().parents[2] / "models" / "configs"
# Millions of weights, as their model cards and papers say: UNet, text encoders, VAE.
PUBLISHED = {"sd15": (860, 123, 84), "sdxl": (2567, 818, 84)}
SIDES = {"sd15": (512, 768), "sdxl": (1024, 1536)}
UNET_CHANNELS, VAE_CHANNELS = 320, 128


def weights(family):
    """Numbers in the UNet, the text encoders and the VAE of a family's configs."""
    import diffusers
    import transformers
    from accelerate import init_empty_weights

    folder = CONFIGS / family
    with init_empty_weights():
        unet, vae = (
            getattr(diffusers, name).from_config(
                getattr(diffusers, name).load_config(folder / part)
            )
            for name, part in (("UNet2DConditionModel", "unet"), ("AutoencoderKL", "vae"))
        )
        texts = [
            getattr(transformers, name)(transformers.CLIPTextConfig.from_pretrained(folder / part))
            for name, part in (
                ("CLIPTextModel", "text_encoder"),
                ("CLIPTextModelWithProjection", "text_encoder_2"),
            )
            if (folder / part).is_dir()
        ]
    return [
        sum(value.numel() for one in group for value in one.parameters())
        for group in ([unet], texts, [vae])
    ]


@pytest.mark.parametrize("family", PUBLISHED)
def test_what_a_family_needs_is_what_its_shapes_say(family, keep):
    counted = weights(family)
    assert [round(number / 1e6) for number in counted] == pytest.approx(PUBLISHED[family], abs=1)
    rows = [
        "| | type | weights | side | a step | decoding | together |",
        "|---|---|---|---|---|---|---|",
    ]
    for dtype, size in ITEM_BYTES.items():
        if dtype == "bfloat16":
            continue
        held = sum(counted) * size
        for side in SIDES[family]:
            step = UNetNeeds().denoising_bytes((side // 8, side // 8), UNET_CHANNELS, size)
            decoding = decoding_bytes(side, side, VAE_CHANNELS, size)
            told = map(gigabytes, (held, step, decoding, held + max(step, decoding)))
            weight, one, two, whole = told
            rows.append(f"| {family} | {dtype} | {weight} | {side} px | {one} | {two} | {whole} |")
    keep("\n".join(rows), weights=counted)
