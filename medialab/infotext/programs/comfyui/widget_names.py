"""The names of nodes' widgets, in the order in which a drawn graph lists their values.

Newer graphs hold the names beside the values; this table is for those that do not.

Source: the inputs of ComfyUI's nodes.py and comfy_extras; its frontend adds the choice of what
happens to a seed after each run ("randomize").
"""

from collections.abc import Mapping, Sequence
from typing import Any

AFTER = "control_after_generate"
_AFTER_VALUES = {"fixed", "increment", "decrement", "randomize", "increment-wrap"}
_SAMPLING = ("steps", "cfg", "sampler_name", "scheduler")
_SIZE = ("width", "height", "batch_size")

WIDGETS: Mapping[str, Sequence[str]] = {
    "KSampler": ("seed", AFTER, *_SAMPLING, "denoise"),
    "KSamplerAdvanced": (
        *("add_noise", "noise_seed", AFTER, *_SAMPLING),
        *("start_at_step", "end_at_step", "return_with_leftover_noise"),
    ),
    "SamplerCustom": ("add_noise", "noise_seed", AFTER, "cfg"),
    "RandomNoise": ("noise_seed", AFTER),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "KarrasScheduler": ("steps", "sigma_max", "sigma_min", "rho"),
    "ExponentialScheduler": ("steps", "sigma_max", "sigma_min"),
    "BetaSamplingScheduler": ("steps", "alpha", "beta"),
    "SDTurboScheduler": ("steps", "denoise"),
    "AlignYourStepsScheduler": ("model_type", "steps", "denoise"),
    "Flux2Scheduler": ("steps", "width", "height"),
    "ManualSigmas": ("sigmas",),
    "SplitSigmas": ("step",),
    "CFGGuider": ("cfg",),
    "DualCFGGuider": ("cfg_conds", "cfg_cond2_negative", "style"),
    "FluxGuidance": ("guidance",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeSDXL": (
        *("width", "height", "crop_w", "crop_h", "target_width", "target_height"),
        *("text_g", "text_l"),
    ),
    "CLIPTextEncodeSDXLRefiner": ("ascore", "width", "height", "text"),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPTextEncodeSD3": ("clip_l", "clip_g", "t5xxl", "empty_padding"),
    "CLIPTextEncodeHiDream": ("clip_l", "clip_g", "t5xxl", "llama"),
    "CLIPTextEncodeHunyuanDiT": ("bert", "mt5xl"),
    "CLIPTextEncodeLumina2": ("system_prompt", "user_prompt"),
    "TextEncodeQwenImageEdit": ("prompt",),
    "TextEncodeQwenImageEditPlus": ("prompt",),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "unCLIPCheckpointLoader": ("ckpt_name",),
    "ImageOnlyCheckpointLoader": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "UnetLoaderGGUF": ("unet_name",),
    "CLIPLoader": ("clip_name", "type", "device"),
    "DualCLIPLoader": ("clip_name1", "clip_name2", "type", "device"),
    "TripleCLIPLoader": ("clip_name1", "clip_name2", "clip_name3"),
    "VAELoader": ("vae_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "ModelSamplingDiscrete": ("sampling", "zsnr"),
    "ControlNetLoader": ("control_net_name",),
    "ControlNetApply": ("strength",),
    "ControlNetApplyAdvanced": ("strength", "start_percent", "end_percent"),
    "ControlNetApplySD3": ("strength", "start_percent", "end_percent"),
    "SetUnionControlNetType": ("type",),
    "UpscaleModelLoader": ("model_name",),
    "EmptyLatentImage": _SIZE,
    "EmptySD3LatentImage": _SIZE,
    "EmptyFlux2LatentImage": _SIZE,
    "EmptyHunyuanImageLatent": _SIZE,
    "EmptyChromaRadianceLatentImage": _SIZE,
    "EmptyHiDreamO1LatentImage": _SIZE,
    "EmptyImage": (*_SIZE, "color"),
    "LatentUpscale": ("upscale_method", "width", "height", "crop"),
    "LatentUpscaleBy": ("upscale_method", "scale_by"),
    "ImageScale": ("upscale_method", "width", "height", "crop"),
    "ImageScaleBy": ("upscale_method", "scale_by"),
    "ImageScaleToTotalPixels": ("upscale_method", "megapixels", "resolution_steps"),
    "VAEEncodeForInpaint": ("grow_mask_by",),
    "InpaintModelConditioning": ("noise_mask",),
    "LoadImage": ("image", "upload"),
    "PrimitiveInt": ("value", AFTER),
    "PrimitiveFloat": ("value",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "PrimitiveBoolean": ("value",),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
    "StringReplace": ("string", "find", "replace"),
    "ComfySwitchNode": ("switch",),
    "ResolutionSelector": ("aspect_ratio", "megapixels", "multiple"),
    "SeedNode": ("seed", AFTER),
    "SaveImage": ("filename_prefix",),
}


def named_values(type_name: str, values: Sequence[Any], inputs: Sequence[str]) -> dict[str, Any]:
    """Return a drawn node's values by the names of its widgets.

    Args:
        type_name: The node's class.
        values: Its values, in the order of its widgets.
        inputs: The names of its inputs that are widgets, in order.

    Returns:
        The values; empty if their number does not agree with the names.
    """
    if type_name in WIDGETS:
        names = [name for name in WIDGETS[type_name] if name != AFTER]
        return dict(zip(names, _without_after(values, names), strict=False))
    values = _without_after(values, inputs)
    return dict(zip(inputs, values, strict=True)) if len(values) == len(inputs) else {}


def _without_after(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Return the values without the choice of what happens to a seed, which has no input."""
    found = list(values)
    for at, name in enumerate(names):
        is_seed = name.endswith("seed") or name == "value"
        follows = found[at + 1 : at + 2]
        if is_seed and follows and isinstance(follows[0], str) and follows[0] in _AFTER_VALUES:
            del found[at + 1]
    return found
