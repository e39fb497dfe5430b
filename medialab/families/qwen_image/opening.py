"""The components of Qwen-Image checkpoints."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.part_configs import FlowConfig
from medialab.families.flow.single_files import FlowFiles
from medialab.families.opening import EncoderFile
from medialab.families.qwen_image.part_configs import (
    FrameVAEConfig,
    TransformerConfig,
    VisionLanguageConfig,
)
from medialab.families.qwen_image.processor import (
    QWEN2_PROCESSOR,
    SHARED_PROCESSOR,
    processor_of,
    shared_processor,
)
from medialab.families.qwen_image.recognition import TIMESTEP_ZERO
from medialab.families.qwen_image.tokenizer import SHARED, shared_tokenizer, tokenizer_of
from medialab.files.folder_parts import FolderParts
from medialab.files.part_configs import Shapes

if TYPE_CHECKING:
    import torch

_SEEING = "qwen2.5-vl"  # the family of its text encoder
# A file has the language model's layers beside those that see; transformers has them one below.
_PLACES = {f"{one}.": f"language_model.{one}." for one in ("embed_tokens", "layers", "norm")}


def _told(shapes: Shapes) -> Mapping[str, Mapping[str, Any]]:
    """Return the setting of Edit-2511: references are read as free of noise."""
    return {"transformer": {"zero_cond_t": True}} if TIMESTEP_ZERO in shapes else {}


def _without_marker(tensors: "dict[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Return the weights, which have diffusers' names, without ComfyUI's marker."""
    return {name: one for name, one in tensors.items() if name != TIMESTEP_ZERO}


OPENING = FlowOpening(
    title="Qwen-Image",
    parts=FolderParts(
        networks={
            "transformer": {"QwenImageTransformer2DModel": TransformerConfig},
            "vae": {"AutoencoderKLQwenImage": FrameVAEConfig},
            "text_encoder": {"Qwen2_5_VLForConditionalGeneration": VisionLanguageConfig},
        },
        tokenizers={
            "tokenizer": tokenizer_of("text_encoder"),
            # In folders that are made for editing.
            "processor": processor_of("text_encoder", QWEN2_PROCESSOR, needed=False),
        },
        required=("transformer", "vae", "text_encoder"),
        scheduler=FlowConfig,
        # It shows pictures to the text encoder.
        needed_by={"Edit": "processor"},
        made_for_others={"Layered": "pictures in layers"},
    ),
    files=FlowFiles(
        denoiser=("transformer", "QwenImageTransformer2DModel"),
        encoders={
            "text_encoder": EncoderFile(_SEEING, 3584, "Qwen2_5_VLModel", places=_PLACES),
        },
        tokenizers={
            "tokenizer": ("Qwen2Tokenizer", SHARED),
            "processor": (QWEN2_PROCESSOR, SHARED_PROCESSOR),
        },
        readers={"tokenizer": shared_tokenizer, "processor": shared_processor},
        vae="AutoencoderKLQwenImage",
        told=_told,
        convert=_without_marker,
    ),
    controlnet_class="QwenImageControlNetModel",
)
