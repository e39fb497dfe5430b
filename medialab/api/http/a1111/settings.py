"""A1111's requests as settings of this studio."""

from collections.abc import Callable, Mapping
from typing import Any

from medialab.api.http.a1111.requests import Drawing, Img2ImgRequest, Txt2ImgRequest
from medialab.api.messages import parsed
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.infotext.sampler_names import parse_sampler_name, parse_schedule_name
from medialab.infotext.shown_names import plain_name, read_upscaler
from medialab.settings.choices import RESIZE_MODES
from medialab.stages.inpaint import MASKED_CONTENTS

_FILES = (".safetensors", ".ckpt", ".gguf", ".pt")
# A1111's masked contents by their numbers.
_FILLS = ("fill", "original", "latent noise", "latent nothing")
assert set(_FILLS) == set(MASKED_CONTENTS)  # noqa: S101 - a new one needs a number here
_NO_VAE = {"automatic", "none", ""}
_SAME = {"", "Use same checkpoint", "Use same sampler", "Use same scheduler", "None"}


def model_name(value: Any) -> str:
    """Return a model's name without its file's extension and the hash that A1111 appends."""
    name = plain_name(str(value))
    return next((name.removesuffix(one) for one in _FILES if name.endswith(one)), name)


def _vae(value: Any) -> str:
    return "" if str(value).casefold() in _NO_VAE else model_name(value)


# Our setting of each option that A1111's clients may set, and how its value is read.
OPTIONS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "sd_model_checkpoint": ("checkpoint", model_name),
    "sd_vae": ("vae", _vae),
    "CLIP_stop_at_last_layers": ("clip_skip", lambda value: value),
    "emphasis": ("emphasis", lambda value: str(value).casefold()),
}


def settings_of_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings of options, and for each one that is not here, that it is not."""
    known = {name: value for name, value in options.items() if name in OPTIONS}
    settings = {
        OPTIONS[name][0]: OPTIONS[name][1](value)
        for name, value in known.items()
        if value is not None  # as a client writes what it leaves as it is
    }
    message = f"this server has no such option; it has {', '.join(OPTIONS)}"
    return settings, dict.fromkeys(options.keys() - known.keys(), message)


def config_of(
    request: Drawing, chosen: Mapping[str, Any], store: Callable[[str, str], str]
) -> PipelineConfig:
    """Return a request as a config.

    Args:
        request: The request.
        chosen: Settings of the options that are chosen, the request's own among them.
        store: Stores a picture in base64, of the field of a name, and returns its name.

    Raises:
        RefusedError: a setting is invalid (422); the answer tells which.
        ConfigError: there is no such sampler or schedule.
    """
    settings: dict[str, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "styles": request.styles or (),
        "seed": max(request.seed, -1),
        "variation_seed": max(request.subseed, -1),
        "variation_strength": request.subseed_strength,
        "batch_size": request.batch_size * request.n_iter,
        "steps": request.steps,
        "guidance_scale": request.cfg_scale,
        "width": request.width,
        "height": request.height,
        **_sampling(request.sampler, request.scheduler),
        **chosen,
    }
    if isinstance(request, Img2ImgRequest):
        settings |= _of_picture(request, store)
    elif isinstance(request, Txt2ImgRequest) and request.enable_hr:
        settings["refiner"] = _hires_fix(request)
    return parsed(
        PipelineConfig, {name: value for name, value in settings.items() if value is not None}
    )


def _sampling(sampler: str | None, schedule: str | None) -> dict[str, str]:
    """Return the sampler and its schedule; one that is in the sampler's name gives way."""
    found: dict[str, str] = {}
    if sampler:
        name, own = _named("sampler_name", parse_sampler_name, sampler)
        found = {"sampler": name, "schedule": own}
    if schedule and schedule.casefold() != "automatic":
        found["schedule"] = _named("scheduler", parse_schedule_name, schedule)
    return found


def _named(field: str, parse: Callable[[str], Any], name: str) -> Any:
    try:
        return parse(name)
    except ConfigError as error:
        raise error.about(field) from None


def _hires_fix(request: Txt2ImgRequest) -> dict[str, Any]:
    name, sampler = request.hr_checkpoint_name, request.hr_sampler_name
    settings: dict[str, Any] = {
        "scale": request.hr_scale,
        "width": request.hr_resize_x or None,
        "height": request.hr_resize_y or None,
        "upscaler": read_upscaler(request.hr_upscaler) if request.hr_upscaler else None,
        "denoising_strength": request.denoising_strength,
        "steps": request.hr_second_pass_steps or None,
        "checkpoint": model_name(name) if name and name not in _SAME else None,
        "prompt": request.hr_prompt or None,
        "negative_prompt": request.hr_negative_prompt or None,
        **_sampling(*(None if one in _SAME else one for one in (sampler, request.hr_scheduler))),
    }
    return {"enabled": True} | {key: one for key, one in settings.items() if one is not None}


def _of_picture(request: Img2ImgRequest, store: Callable[[str, str], str]) -> dict[str, Any]:
    strength = request.denoising_strength
    own: dict[str, Any] = {} if strength is None else {"denoising_strength": strength}
    settings: dict[str, Any] = {
        "image": store(request.init_images[0], "init_images"),
        "resize_mode": RESIZE_MODES[request.resize_mode],
    }
    if not request.mask:
        return settings | {"mode": "img2img", "img2img": own}
    blurs = (request.mask_blur, request.mask_blur_x, request.mask_blur_y, 4)
    blur = next(one for one in blurs if one is not None)
    own |= {
        "mask": store(request.mask, "mask"),
        "mask_blur": blur,
        "masked_content": _FILLS[request.inpainting_fill],
        "only_masked": request.inpaint_full_res,
        "padding": request.inpaint_full_res_padding,
        "inverted": bool(request.inpainting_mask_invert),
    }
    return settings | {"mode": "inpaint", "inpaint": own}
