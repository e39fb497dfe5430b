"""A tiny Qwen-Image of diffusers' and transformers' own classes, its weights by chance."""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)
from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
)

from tests.tiny.z_image import make_tokenizer

_WIDTH = 32  # of a token of the text
# As Qwen3-VL's own, of a system's message; its contents are lists of parts.
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% for part in message.content %}{{ part.text }}{% endfor %}<|im_end|>\n{% endfor %}"
)
PICTURE_TOKENS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def make_vision_tokenizer() -> Qwen2Tokenizer:
    """Make the tokenizer of a language model that sees pictures, too."""
    tokenizer = make_tokenizer()
    tokenizer.add_tokens(list(PICTURE_TOKENS), special_tokens=True)
    return tokenizer


def write_processor(folder: Path, class_name: str) -> None:
    """Write a processor's folder as it is published."""
    tokenizer = make_vision_tokenizer()
    tokenizer.chat_template = _CHAT
    tokenizer.save_pretrained(folder)
    pictures = Qwen2VLImageProcessorPil(patch_size=16 if "3" in class_name else 14)
    pictures.save_pretrained(folder)
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"processor_class": class_name}))


def make_text_encoder(
    tokenizer: Qwen2Tokenizer, width: int = _WIDTH
) -> Qwen2_5_VLForConditionalGeneration:
    """Make the vision-language model, of one layer that sees and two that read.

    Args:
        tokenizer: Its tokenizer.
        width: The numbers of a token. One as wide as published has one layer that reads.
    """
    start, end, image, video = tokenizer.convert_tokens_to_ids(list(PICTURE_TOKENS))
    heads = 2 if width == _WIDTH else 28
    turned = width // heads // 16  # of each head's numbers, by their kinds of positions
    text = {
        "hidden_size": width,
        "intermediate_size": 2 * _WIDTH,
        "num_hidden_layers": 2 if width == _WIDTH else 1,
        "num_attention_heads": heads,
        "num_key_value_heads": heads // 2 if width == _WIDTH else 4,
        "vocab_size": 300,
        "max_position_embeddings": 4096,
        "rope_scaling": {
            "type": "mrope",
            "rope_type": "default",
            "mrope_section": [2 * turned, 3 * turned, 3 * turned],
        },
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    vision = {
        "depth": 1,
        "hidden_size": _WIDTH,
        "out_hidden_size": width,
        "intermediate_size": _WIDTH,
        "num_heads": 2,
        "fullatt_block_indexes": [0],
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def make_parts(width: int = _WIDTH, res_blocks: int = 1, **denoiser: object) -> dict[str, object]:
    """Make the parts of a pipeline; the same weights each time.

    Args:
        width: The numbers of a token of the text.
        res_blocks: The residual blocks of each level of the VAE.
        denoiser: Further settings of the transformer.
    """
    torch.manual_seed(0)
    tokenizer = make_vision_tokenizer()
    return {
        # As published. Its shift depends on the size.
        "scheduler": FlowMatchEulerDiscreteScheduler(
            base_shift=0.5,
            max_shift=0.9,
            max_image_seq_len=8192,
            shift=1.0,
            shift_terminal=0.02,
            use_dynamic_shifting=True,
        ),
        "vae": AutoencoderKLQwenImage(base_dim=4, num_res_blocks=res_blocks).eval(),
        "text_encoder": make_text_encoder(tokenizer, width),
        "tokenizer": tokenizer,
        "transformer": QwenImageTransformer2DModel(
            num_layers=2,
            attention_head_dim=32,
            num_attention_heads=2,
            joint_attention_dim=width,
            axes_dims_rope=(8, 12, 12),
            **denoiser,
        ).eval(),
    }


def make_pipeline() -> QwenImagePipeline:
    """Make a pipeline of text to image; the same weights each time."""
    return QwenImagePipeline(**make_parts())


def write_qwen_image(folder: Path) -> None:
    """Write a tiny Qwen-Image as a diffusers folder."""
    make_pipeline().save_pretrained(folder, safe_serialization=True)


def write_qwen_image_edit(
    folder: Path,
    pipeline: str = "QwenImageEditPlusPipeline",
    parts: dict[str, object] | None = None,
) -> None:
    """Write a tiny Qwen-Image-Edit as a diffusers folder, as it is published."""
    QwenImagePipeline(**parts or make_parts()).save_pretrained(folder, safe_serialization=True)
    write_processor(folder / "processor", "Qwen2VLProcessor")
    index = folder / "model_index.json"
    changed = {"_class_name": pipeline, "processor": ["transformers", "Qwen2VLProcessor"]}
    index.write_text(json.dumps(json.loads(index.read_text()) | changed))
