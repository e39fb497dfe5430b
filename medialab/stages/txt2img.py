"""Stage 3: from noise and embeddings to a picture."""

from dataclasses import replace
from typing import Any

from medialab.config import Txt2ImgConfig
from medialab.control import with_networks
from medialab.denoising import denoise
from medialab.noise import FirstNoise, Variation
from medialab.settings import SAMPLING_NAMES, Sampling
from medialab.stages.base import Frame, PipelineStage, StageContext


class Txt2ImgStage(PipelineStage[Txt2ImgConfig]):
    """Denoise one picture from noise that a CPU generator draws from the seed.

    Reads `prompts`, `embeddings` and `controls`, writes `image` (width x height of the settings,
    8-bit RGB). The scheduler is made anew from the checkpoint's own config, so that no state of
    another run can reach this one.
    """

    name = "txt2img"
    title = "Text to image"
    settings = Txt2ImgConfig

    def run(self, frame: Frame, settings: Txt2ImgConfig, context: StageContext) -> Frame:
        """Read `prompts` and `embeddings`; write `image`."""
        both = dict(frame.prompts) | dict(settings) | {"control": frame.units}
        own: dict[str, Any] = {name: both[name] for name in SAMPLING_NAMES}
        variation = None
        if settings.variation_strength > 0:
            variation = Variation(settings.variation_seed, settings.variation_strength)
        image, applied = denoise(
            context.checkpoint(),
            "text-to-image",
            Sampling(**own),
            context.step,
            embeddings=dict(frame.embeddings),
            controls=with_networks(frame.units, frame.controls, context),
            first=FirstNoise(variation),
            width=settings.width,
            height=settings.height,
        )
        if variation is not None:
            applied["variation"] = variation._asdict()
        return replace(frame, image=image).with_applied(self.name, **applied)
