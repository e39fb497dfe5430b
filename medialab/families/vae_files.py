"""VAEs of single files in the names of their makers, turned into those of diffusers, by class.

Of AutoencoderKL diffusers has a table itself.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

_STATISTICS = "bn."  # of the latents in patches
# In Flux.2's own names these layers are in the encoder and the decoder.
_MOVED = (("encoder.quant_conv.", "quant_conv."), ("decoder.post_quant_conv.", "post_quant_conv."))
_LEVEL = re.compile(r"encoder\.down\.(\d{1,3})\.")


def _flux2(tensors: "Tensors") -> "Tensors":
    """Return the VAE of Flux.2: layers as of an AutoencoderKL, and statistics of its latents.

    Source: black-forest-labs/flux2 src/flux2/autoencoder.py.
    """
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    found = {name: one for name, one in tensors.items() if name.startswith(_STATISTICS)}
    layers = {}
    for name in tensors.keys() - found.keys():
        place = name
        for theirs, ours in _MOVED:
            place = place.replace(theirs, ours)
        layers[place] = tensors[name]
    levels = len({one for name in layers for one in _LEVEL.findall(name)})
    counts = {"down_block_types": [""] * levels, "up_block_types": [""] * levels}
    return {**convert_ldm_vae_checkpoint(layers, counts), **found}


def _of_frames(tensors: "Tensors") -> "Tensors":
    """Return a VAE for videos in Wan's names, which the one of Qwen-Image has, too.

    Source: Wan-Video/Wan2.1 wan/modules/vae.py.
    """
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

    found: Tensors = convert_wan_vae_to_diffusers(tensors)
    return found


# By the class in diffusers.
VAE_NAMES: "Mapping[str, Callable[[Tensors], Tensors]]" = {
    "AutoencoderKLFlux2": _flux2,
    "AutoencoderKLQwenImage": _of_frames,
}
