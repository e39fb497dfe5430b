"""A tiny Qwen-Image 2.1 of diffusers' and transformers' own classes, its weights by chance."""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLQwenImage21,
    FlowMatchEulerDiscreteScheduler,
    QwenImage21Pipeline,
    QwenImage21Transformer2DModel,
)
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

from medialab.families.qwen_image.processor import load_processor
from tests.tiny.qwen_image import PICTURE_TOKENS, write_processor

_WIDTH = 32  # of a token of the text
_CHANNELS = 64


def make_pipeline(processor: object) -> QwenImage21Pipeline:
    """Make a pipeline; the same weights each time."""
    torch.manual_seed(0)
    start, end, image, video = processor.tokenizer.convert_tokens_to_ids(list(PICTURE_TOKENS))
    text = {
        "hidden_size": _WIDTH,
        "intermediate_size": 2 * _WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "vocab_size": 300,
        "max_position_embeddings": 4096,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 1e6,
            "mrope_section": [2, 3, 3],
            "mrope_interleaved": True,
        },
        "pad_token_id": 0,
    }
    vision = {
        "depth": 1,
        "hidden_size": _WIDTH,
        "out_hidden_size": _WIDTH,
        "intermediate_size": _WIDTH,
        "num_heads": 2,
        "deepstack_visual_indexes": [0],
    }
    config = Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    return QwenImage21Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            base_shift=0.5,
            max_shift=0.9,
            max_image_seq_len=8192,
            shift=1.0,
            shift_terminal=0.02,
            use_dynamic_shifting=True,
        ),
        vae=AutoencoderKLQwenImage21(
            base_dim=4,
            decoder_base_dim=4,
            dim_mult=[1, 1, 1, 1, 1],
            num_res_blocks=1,
            z_dim=_CHANNELS,
        ).eval(),
        text_encoder=Qwen3VLForConditionalGeneration(config).eval(),
        processor=processor,
        transformer=QwenImage21Transformer2DModel(
            num_layers=2,
            attention_head_dim=32,
            num_attention_heads=2,
            context_in_dim=_WIDTH,
            axes_dims_rope=(8, 12, 12),
        ).eval(),
    )


def write_qwen_image21(folder: Path) -> None:
    """Write a tiny Qwen-Image 2.1 as a diffusers folder."""
    place, name = folder / "processor", "Qwen3VLProcessor"
    write_processor(place, name)
    pipeline = make_pipeline(load_processor(place, name))
    for part in ("scheduler", "vae", "text_encoder", "transformer"):
        getattr(pipeline, part).save_pretrained(folder / part)
    index = {
        "_class_name": "QwenImage21Pipeline",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "vae": ["diffusers", "AutoencoderKLQwenImage21"],
        "text_encoder": ["transformers", "Qwen3VLForConditionalGeneration"],
        "processor": ["transformers", name],
        "transformer": ["diffusers", "QwenImage21Transformer2DModel"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
