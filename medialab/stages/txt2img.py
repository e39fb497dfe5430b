"""Stage 3: from noise and embeddings to a picture."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from medialab.diffusion.control import with_networks
from medialab.diffusion.denoising import How, denoise
from medialab.diffusion.noise import Variation
from medialab.diffusion.second_checkpoint import Handover, told_handover
from medialab.settings.config import Txt2ImgConfig
from medialab.settings.stages import SAMPLING_NAMES, Sampling
from medialab.stage import Frame, Model, PipelineStage, StageContext


class Txt2ImgStage(PipelineStage[Txt2ImgConfig]):
    """Denoise one picture from noise that a CPU generator draws from the seed.

    Reads `prompts`, `embeddings` and `controls`, writes `image` (width x height of the settings,
    8-bit RGB). Another checkpoint may take over for the last of the noise. The scheduler is made
    anew from the checkpoint's own config, so that no state of another run can reach this one.
    """

    name = "txt2img"
    title = "Text to image"
    version = 2
    settings = Txt2ImgConfig

    def models(self, settings: Txt2ImgConfig) -> Sequence[Model]:
        """Its checkpoint, and the one that takes over."""
        other = settings.handover_checkpoint if settings.switch_at < 1 else ""
        return [*super().models(settings), *([Model("checkpoint", other)] if other else [])]

    def models_used(self, settings: Txt2ImgConfig, applied: Mapping[str, Any]) -> Sequence[Model]:
        """Without the checkpoint that takes over, where it was left no step."""
        took_over = applied.get("handover", {}).get("from_call") is not None
        return self.models(settings) if took_over else super().models(settings)

    def run(self, frame: Frame, settings: Txt2ImgConfig, context: StageContext) -> Frame:
        """Read `prompts` and `embeddings`; write `image`."""
        both = dict(frame.prompts) | dict(settings) | {"control": frame.units}
        own: dict[str, Any] = {name: both[name] for name in SAMPLING_NAMES}
        variation = None
        if settings.variation_strength > 0:
            variation = Variation(settings.variation_seed, settings.variation_strength)
        handover = None
        if settings.handover_checkpoint and settings.switch_at < 1:
            other = settings.handover_checkpoint
            load = partial(context.checkpoint, other, settings.vae)
            base = partial(context.checkpoint, vae=settings.vae)
            handover = Handover(other, load, base, settings.switch_at)
        model = context.checkpoint(vae=settings.vae)
        image, applied = denoise(
            model,
            "text-to-image",
            Sampling(**own),
            context.step,
            embeddings=dict(frame.embeddings),
            controls=with_networks(frame.units, frame.controls, context),
            how=How(variation=variation, handover=handover),
            size=(settings.width or model.native_size, settings.height or model.native_size),
        )
        if settings.handover_checkpoint and handover is None:
            told = told_handover(
                settings.handover_checkpoint,
                settings.switch_at,
                applied["steps"],
                before=applied["steps"],
            )
            applied |= {"handover": told | {"from_call": None}}
        return frame.drawn(image).with_applied(self.name, **applied)
