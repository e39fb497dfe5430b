"""The components of SD3 checkpoints, whose folders may lack T5, the largest."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.part_configs import FlowConfig
from medialab.families.flow.single_files import FlowFiles
from medialab.families.opening import EncoderFile
from medialab.families.t5_clip.part_configs import (
    T5Config,
    TransformerConfig,
    t5_tokenizer,
)
from medialab.families.unet_clip.part_configs import TextConfig, clip_tokenizer
from medialab.families.unet_clip.single_files import OPEN_CLIP_PAD
from medialab.files.folder_parts import FolderParts
from medialab.files.part_configs import Count, Shapes, same
from medialab.files.vae_configs import VAEConfig


class SD3TransformerConfig(TransformerConfig):
    """The config of diffusers' SD3Transformer2DModel."""

    sample_size: Count
    caption_projection_dim: Count
    pooled_projection_dim: Count
    pos_embed_max_size: Count

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        text = (self.caption_projection_dim, self.joint_attention_dim)
        same("joint_attention_dim", shapes, "context_embedder.weight", text)
        places = (1, self.pos_embed_max_size**2)
        same("pos_embed_max_size", shapes, "pos_embed.pos_embed", places)
        super().check_weights(shapes)


_HEAD = 64  # numbers in each head, of 3 and of 3.5
_BLOCK = re.compile(r"(?:joint|transformer)_blocks\.(\d{1,3})\.(.+)")


def _told(shapes: Shapes) -> Mapping[str, Mapping[str, Any]]:
    """Return the sizes of the transformer, in which 3 Medium, 3.5 Medium and 3.5 Large differ."""
    blocks = [(int(one[1]), one[2]) for name in shapes if (one := _BLOCK.fullmatch(name))]
    text = shapes.get("context_embedder.weight", ())
    places = shapes.get("pos_embed", shapes.get("pos_embed.pos_embed", ()))
    if not blocks or len(text) != 2 or len(places) != 3:
        return {}
    doubled = {number for number, layer in blocks if ".attn2." in f".{layer}"}
    normed = any(layer.endswith(("attn.ln_q.weight", "attn.norm_q.weight")) for _, layer in blocks)
    return {
        "transformer": {
            "num_layers": len({number for number, _ in blocks}),
            "num_attention_heads": text[0] // _HEAD,
            "caption_projection_dim": text[0],
            "pos_embed_max_size": math.isqrt(places[1]),
            "dual_attention_layers": tuple(sorted(doubled)),
            "qk_norm": "rms_norm" if normed else None,
        }
    }


@dataclass(frozen=True)
class SD3Opening(FlowOpening):
    """A loader of SD3's folders, which may have T5's tokenizer or not, and of its files."""

    def tokenizer(self, path: Path, configs: Path) -> Path:
        """Return the folder of T5's tokenizer; of CLIP's, if a folder has no T5."""
        if path.is_dir() and not (path / "tokenizer_3").is_dir():
            return path / "tokenizer"
        return super().tokenizer(path, configs)


OPENING = SD3Opening(
    title="SD3",
    parts=FolderParts(
        networks={
            "transformer": {"SD3Transformer2DModel": SD3TransformerConfig},
            "vae": {"AutoencoderKL": VAEConfig},
            "text_encoder": {"CLIPTextModelWithProjection": TextConfig},
            "text_encoder_2": {"CLIPTextModelWithProjection": TextConfig},
            "text_encoder_3": {"T5EncoderModel": T5Config},
        },
        # T5's comes first: a prompt's tokens are counted by it.
        tokenizers={
            "tokenizer_3": t5_tokenizer("text_encoder_3"),
            "tokenizer": clip_tokenizer("text_encoder"),
            "tokenizer_2": clip_tokenizer("text_encoder_2"),
        },
        required=("transformer", "vae", "text_encoder", "text_encoder_2"),
        scheduler=FlowConfig,
        made_for_others={"PAG": "another guidance", "Control": "following a control picture"},
    ),
    files=FlowFiles(
        denoiser=("transformer", "SD3Transformer2DModel"),
        encoders={
            "text_encoder": EncoderFile("clip-l", 768, "CLIPTextModelWithProjection"),
            "text_encoder_2": EncoderFile("clip-g", 1280, "CLIPTextModelWithProjection"),
            "text_encoder_3": EncoderFile("t5", 4096, "T5EncoderModel"),
        },
        tokenizers={
            "tokenizer_3": ("T5Tokenizer", "t5-tokenizer"),
            "tokenizer": ("CLIPTokenizer", "clip-tokenizer"),
            "tokenizer_2": ("CLIPTokenizer", "clip-tokenizer"),
        },
        pads={"tokenizer_2": OPEN_CLIP_PAD},
        told=_told,
    ),
    controlnet_class="SD3ControlNetModel",
)
