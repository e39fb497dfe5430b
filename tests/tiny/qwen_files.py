"""A tiny Qwen-Image as single files, whole and in parts, as ComfyUI has them."""

import json
import re
import shutil

import torch

from tests.tiny.checkpoints import under, write_checkpoint
from tests.tiny.flow_files import QUALIFIED
from tests.tiny.qwen_image import make_vision_tokenizer, write_processor

MARKER = "__index_timestep_zero__"
_RESIDUAL = (
    (".norm1.", ".residual.0."),
    (".conv1.", ".residual.2."),
    (".norm2.", ".residual.3."),
    (".conv2.", ".residual.6."),
    (".conv_shortcut.", ".shortcut."),
)
_FRAMES = (
    (r"mid_block\.resnets\.0", "middle.0"),
    (r"mid_block\.attentions\.0", "middle.1"),
    (r"mid_block\.resnets\.1", "middle.2"),
    (r"down_blocks", "downsamples"),
    (r"norm_out", "head.0"),
    (r"conv_out", "head.2"),
    (r"conv_in", "conv1"),
    (r"^quant_conv", "conv1"),
    (r"^post_quant_conv", "conv2"),
)
_UP = re.compile(r"up_blocks\.(\d)\.(resnets|upsamplers)\.(\d)")


def original_frame_vae(vae):
    """A VAE for videos, of two residual blocks a level, in the names of its makers."""
    found = {}
    for name, value in vae.state_dict().items():
        place = name
        if re.search(r"resnets|down_blocks", name):
            for ours, theirs in _RESIDUAL:
                place = place.replace(ours, theirs)
        if up := _UP.search(place):
            number = 4 * int(up[1]) + (int(up[3]) if up[2] == "resnets" else 3)
            place = place.replace(up[0], f"upsamples.{number}")
        for ours, theirs in _FRAMES:
            place = re.sub(ours, theirs, place)
        found[place] = value
    return found


def original_vision_language(encoder):
    """A vision-language model as its makers name its layers."""
    found = {}
    for name, value in encoder.state_dict().items():
        place = name.replace("model.language_model.", "model.").replace("model.visual.", "visual.")
        found[place] = value
    return found


def write_qwen_configs(configs, pipeline, shipped):
    """Write the configs and tokenizers as the shipped ones lie in models/configs.

    Args:
        configs: The folder of all families' configs.
        pipeline: The pipeline, of text to image.
        shipped: The shipped configs of Qwen-Image, whose index is taken.
    """
    own = configs / "qwen-image"
    pipeline.save_pretrained(own)
    for weights in own.rglob("*.safetensors"):
        weights.unlink()
    shutil.copy(shipped / "model_index.json", own / "model_index.json")
    shutil.rmtree(own / "tokenizer")
    text = own / "text_encoder" / "config.json"
    changed = {"architectures": ["Qwen2_5_VLModel"]}
    text.write_text(json.dumps(json.loads(text.read_text()) | changed))
    make_vision_tokenizer().save_pretrained(configs / "qwen2.5-tokenizer")
    write_processor(own / "processor", "Qwen2VLProcessor")


def write_qwen_parts(models, pipeline, *, marker=None):
    """Write each part in a file of its own, in the folder for it."""
    denoiser = dict(pipeline.transformer.state_dict()) | (
        {} if marker is None else {MARKER: marker}
    )
    write_checkpoint(models / "diffusion_models" / "qwen-parts.safetensors", denoiser)
    encoder = original_vision_language(pipeline.text_encoder)
    write_checkpoint(models / "text_encoders" / "qwen_2.5_vl_tiny.safetensors", encoder)
    write_checkpoint(
        models / "vae" / "qwen_image_vae.safetensors", original_frame_vae(pipeline.vae)
    )


def write_whole_qwen(path, pipeline):
    """Write all parts in one file, as ComfyUI's CheckpointSave does."""
    encoder = original_vision_language(pipeline.text_encoder)
    write_checkpoint(
        path,
        under(QUALIFIED, dict(pipeline.transformer.state_dict())),
        under("text_encoders.qwen25_7b.transformer", encoder),
        under("vae", original_frame_vae(pipeline.vae)),
        {"text_encoders.qwen25_7b.logit_scale": torch.tensor(4.6)},
    )
