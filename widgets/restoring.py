"""Settings from a picture's file into the form: every one that can be used, and which cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from medialab import PipelineConfig, Workbench
from medialab.errors import MediaLabError
from medialab.infotext import Parsed
from medialab.settings import SamplingConfig

# Items of infotext that say how a file came to be, not how to make it again.
_NO_SETTINGS = {"Version", "User", "Model hash", "VAE hash", "Lora hashes", "Hashes", "Size"}


@dataclass(frozen=True)
class Restored:
    """The config that the form is to show, and what could not be taken over, with the reason."""

    config: PipelineConfig
    left_out: Mapping[str, str]

    def html(self, what: str) -> str:
        """What was done, for a person."""
        if not self.left_out:
            return f"All settings of {escape(what)} are set."
        lines = "".join(
            f"<li><b>{escape(name)}</b>: {escape(why)}</li>" for name, why in self.left_out.items()
        )
        return (
            f"The settings of {escape(what)} are set, but for {len(self.left_out)}:<ul>{lines}</ul>"
        )


def restore(parsed: Parsed, now: PipelineConfig, bench: Workbench) -> Restored:
    """The settings of an infotext on this machine; a checkpoint that is not here stays as it is.

    In place of a VAE that is not here stands the checkpoint's own. What the infotext does not say
    is at its default; `now` has the checkpoint that is chosen.
    """
    settings: dict[str, Any] = dict(parsed.settings)
    left_out = {
        name: f"{value!r} is not known here"
        for name, value in parsed.rest.items()
        if name not in _NO_SETTINGS
    }
    checkpoint = settings.get("checkpoint")
    if checkpoint is None or not _is_there(bench, checkpoint, "checkpoint"):
        if checkpoint is not None:
            left_out["Model"] = f"no checkpoint {checkpoint!r} here; {now.checkpoint!r} is kept"
        settings["checkpoint"] = now.checkpoint
    config = PipelineConfig.parse(settings)
    if config.image is not None and not _has_picture(bench, config.image):
        left_out["image"] = "the picture it started from is not here; give it again"
        config = config.changed(mode="txt2img", image=None)
    config = _with_own_vaes(config, bench, left_out)
    for name in sorted(_names_of_loras(config)):
        if not _is_there(bench, name, "lora"):
            left_out[f"LoRA {name}"] = "not in models/loras; put it there, or take it out"
    return Restored(config, left_out)


def _with_own_vaes(
    config: PipelineConfig, bench: Workbench, left_out: dict[str, str]
) -> PipelineConfig:
    """The config with the checkpoints' own VAEs in place of those that are not here."""
    parts = {"": config, **dict(config)}
    for stage, part in parts.items():
        vae = part.vae if isinstance(part, (PipelineConfig, SamplingConfig)) else None
        if not vae or _is_there(bench, vae, "vae"):
            continue
        left_out[f"VAE of {stage}" if stage else "VAE"] = (
            f"no VAE {vae!r} here; the checkpoint's own is used"
        )
        own = {stage: part.model_copy(update={"vae": ""})} if stage else {"vae": ""}
        config = config.changed(**own)
    return config


def _names_of_loras(config: PipelineConfig) -> set[str]:
    try:
        return config.lora_names()
    except MediaLabError:  # a tag that cannot be read: told of at Generate
        return set()


def _is_there(bench: Workbench, name: str, kind: str) -> bool:
    try:
        bench.registry.find(name, kind)
    except MediaLabError:
        return False
    return True


def _has_picture(bench: Workbench, name: str) -> bool:
    try:
        bench.pictures.load(name)
    except MediaLabError:
        return False
    return True
