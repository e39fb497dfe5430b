"""The bodies of A1111's requests, and its fields that are not applied here."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

# Fields that say nothing about the picture, or nothing that this server would do otherwise.
_OF_THE_REQUEST = frozenset(
    {"force_task_id", "send_images", "save_images", "do_not_save_grid", "include_init_images"}
)
# A1111's own values of fields for which "nothing" (0, -1, False) is a wish; None leaves them out.
_USUAL: Mapping[str, frozenset[Any]] = {
    "eta": frozenset({1}),
    "image_cfg_scale": frozenset({1.5}),
    "initial_noise_multiplier": frozenset({1}),
    "mask_round": frozenset({True}),
    "override_settings_restore_afterwards": frozenset({True}),
    "refiner_switch_at": frozenset({0, 0.8}),  # there is no refiner without its checkpoint
    "s_noise": frozenset({1}),
}
_NOT_HERE = "this server has no such setting"
_WHY = {
    "alwayson_scripts": "scripts and extensions are A1111's; /generate has this studio's stages",
    "do_not_save_samples": "this server saves every picture that it makes",
    "override_settings_restore_afterwards": "what a request overrides is always for it alone",
    "restore_faces": "there is no face restorer; the face detailer of /generate draws faces again",
    "script_name": "scripts are A1111's; /generate has this studio's stages",
}
Sides = Field(0, ge=0, description="Pixels; 0 by the scale.")


class Drawing(BaseModel):
    """What txt2img and img2img have in common; further fields are named in the answer."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    prompt: str = ""
    negative_prompt: str = ""
    styles: list[str] | None = None
    seed: int = Field(-1, description="-1 for a random one.")
    subseed: int = -1
    subseed_strength: float = 0
    batch_size: int = Field(1, ge=1)
    n_iter: int = Field(1, ge=1, description="Batches; their seeds go on.")
    steps: int | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None
    sampler_name: str | None = None
    sampler_index: str | None = Field(None, description="The older name of sampler_name.")
    scheduler: str | None = None
    denoising_strength: float | None = None
    override_settings: dict[str, Any] | None = Field(None, description="Options, for it alone.")
    send_images: bool = True

    @property
    def sampler(self) -> str | None:
        """The sampler's name; None if the request names none."""
        return self.sampler_name or self.sampler_index


class Txt2ImgRequest(Drawing):
    """A request to /sdapi/v1/txt2img."""

    enable_hr: bool = False
    hr_scale: float = 2
    hr_upscaler: str | None = None
    hr_second_pass_steps: int = Field(0, description="0: as many as before.")
    hr_resize_x: int = Sides
    hr_resize_y: int = Sides
    hr_checkpoint_name: str | None = None
    hr_sampler_name: str | None = None
    hr_scheduler: str | None = None
    hr_prompt: str = ""
    hr_negative_prompt: str = ""


class Img2ImgRequest(Drawing):
    """A request to /sdapi/v1/img2img."""

    init_images: list[str] = Field(min_length=1, description="The first is used; base64.")
    mask: str | None = Field(None, description="White is repainted; base64.")
    resize_mode: int = Field(0, ge=0, le=3)
    mask_blur: int | None = None
    mask_blur_x: int | None = None
    mask_blur_y: int | None = None
    inpainting_fill: int = Field(0, ge=0, le=3)
    inpaint_full_res: bool = True
    inpaint_full_res_padding: int = 0
    inpainting_mask_invert: int = Field(0, ge=0, le=1)
    include_init_images: bool = False


class OptionsRequest(BaseModel):
    """Options to choose; those that are not here are named in the answer."""

    model_config = ConfigDict(extra="allow", frozen=True)

    sd_model_checkpoint: str | None = None
    sd_vae: str | None = None
    CLIP_stop_at_last_layers: int = 1
    emphasis: str = "Original"


class PngInfoRequest(BaseModel):
    """A request to /sdapi/v1/png-info."""

    image: str = Field(description="A picture's file in base64.")


def not_applied(request: Drawing) -> dict[str, str]:
    """Return why, for each field that was asked for and is not applied, by its name."""
    told = {
        name: _WHY.get(name, _NOT_HERE)
        for name, value in (request.model_extra or {}).items()
        if name not in _OF_THE_REQUEST and not _is_nothing(name, value)
    }
    told |= {f"script: {name}": _WHY["alwayson_scripts"] for name in _scripts(request)}
    if isinstance((request.model_extra or {}).get("alwayson_scripts"), dict):
        told.pop("alwayson_scripts", None)  # each of them is told
    if isinstance(request, Img2ImgRequest):
        if len(request.init_images) > 1:
            told["init_images"] = "only the first picture is used"
        if len({request.mask_blur_x, request.mask_blur_y} - {None}) > 1:
            told["mask_blur_y"] = "a mask is blurred equally in both directions, by mask_blur_x"
    return told


def _scripts(request: Drawing) -> Iterator[str]:
    """Yield the names of the scripts that a request switches on."""
    asked = (request.model_extra or {}).get("alwayson_scripts")
    for name, one in (asked or {}).items() if isinstance(asked, dict) else ():
        arguments = one.get("args") if isinstance(one, dict) else one
        if arguments not in ([], None, [False]):
            yield str(name)


def _is_nothing(name: str, value: Any) -> bool:
    if isinstance(value, list | dict | str):
        return not value
    return value is None or value in _USUAL.get(name, {0, -1})
