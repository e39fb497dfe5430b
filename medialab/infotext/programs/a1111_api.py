"""A1111's API: a request, as scripts save it, or the `info` of an answer."""

from medialab.infotext.foreign_json import JSON, mapping
from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.program import TableProgram


def _settings(whole: JSON) -> JSON:
    """Return the settings of a request, with those in `override_settings` at the top."""
    overrides = mapping(whole.get("override_settings"))
    words = {"CLIP_stop_at_last_layers": "clip_skip", "sd_vae": "sd_vae_name"}
    return {**whole, **{words.get(str(key), str(key)): one for key, one in overrides.items()}}


def _finish(raw: RawInfotext, whole: JSON) -> None:
    if raw.items.get("batch_size") == "1":
        del raw.items["batch_size"]
    if whole.get("enable_hr") or whole.get("init_images"):
        return
    for item in ("Hires upscale", "Hires upscaler", "Hires steps", "Denoising strength"):
        raw.items.pop(item, None)
    for key in [key for key in raw.items if key.startswith("hr_")]:
        del raw.items[key]


A1111_API = TableProgram(
    "A1111's API",
    (
        ("sampler_name", "sampler_index"),
        ("cfg_scale",),
        ("n_iter", "batch_size", "override_settings", "enable_hr", "send_images"),
    ),
    {
        "steps": "Steps",
        "seed": "Seed",
        "cfg_scale": "CFG scale",
        "sampler_name": "Sampler",
        "sampler_index": "Sampler",
        "scheduler": "Schedule type",
        "width": "Width",
        "height": "Height",
        "denoising_strength": "Denoising strength",
        "subseed": "Variation seed",
        "subseed_strength": "Variation seed strength",
        "hr_scale": "Hires upscale",
        "hr_upscaler": "Hires upscaler",
        "hr_second_pass_steps": "Hires steps",
        "sd_model_checkpoint": "Model",
        "sd_model_name": "Model",
        "sd_model_hash": "Model hash",
        "sd_vae_name": "VAE",
        "sd_vae_hash": "VAE hash",
        "clip_skip": "Clip skip",
    },
    idle=(
        *("send_images", "save_images", "n_iter", "infotexts", "job_timestamp", "enable_hr"),
        *("all_prompts", "all_negative_prompts", "all_seeds", "all_subseeds", "version"),
        *("is_using_inpainting_conditioning", "index_of_first_image", "override_settings"),
    ),
    within=_settings,
    finish=_finish,
)
