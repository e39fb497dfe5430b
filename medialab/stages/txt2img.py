"""Stage 3: from noise and embeddings to a picture."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medialab.config import Txt2ImgConfig
from medialab.errors import NotFiniteError
from medialab.samplers import applied_schedule, make_scheduler
from medialab.stages.base import Frame, PipelineStage, StageContext

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image


class Txt2ImgStage(PipelineStage[Txt2ImgConfig]):
    """Denoise one picture from noise that a CPU generator draws from the seed.

    Reads `embeddings`, writes `image` (width x height of the settings, 8-bit RGB). The scheduler is
    made anew from the checkpoint's own config, so that no state of another run can reach this one.
    """

    name = "txt2img"
    title = "Text to image"
    settings = Txt2ImgConfig

    def run(self, frame: Frame, settings: Txt2ImgConfig, context: StageContext) -> Frame:
        """Read `embeddings`; write `image`."""
        import torch

        model = context.checkpoint()
        pipeline = model.pipeline("text-to-image")
        trained = pipeline.scheduler.config
        scheduler = make_scheduler(
            settings.sampler,
            settings.schedule,
            trained,
            steps=settings.steps,
            seed=settings.seed,
        )
        pipeline.scheduler = scheduler

        def after_step(
            _pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]
        ) -> dict[str, Any]:
            # Samplers that call the model twice report both halves: the count is the scheduler's.
            context.step(step + 1, pipeline.num_timesteps, tensors["latents"])
            return tensors

        with torch.inference_mode():
            pixels = pipeline(
                **frame.embeddings,
                width=settings.width,
                height=settings.height,
                num_inference_steps=settings.steps,
                guidance_scale=settings.guidance_scale,
                generator=torch.Generator("cpu").manual_seed(settings.seed),
                callback_on_step_end=after_step,
                output_type="np",
            ).images[0]
        return replace(frame, image=_to_image(pixels)).with_applied(
            self.name,
            pipeline=type(pipeline).__name__,
            scheduler=type(scheduler).__name__,
            schedule=applied_schedule(settings.sampler, settings.schedule, trained),
            model_calls=int(pipeline.num_timesteps),
        )


def _to_image(pixels: "np.ndarray") -> "Image.Image":
    """(h, w, 3) floats in [0, 1] as an 8-bit picture; rounding is half to even, as in diffusers."""
    import numpy as np
    from PIL import Image

    if not np.isfinite(pixels).all():
        message = (
            "the text-to-image stage computed values that are no numbers (NaN); "
            "try another sampler, or a lower guidance scale"
        )
        raise NotFiniteError(message)
    return Image.fromarray((pixels * 255).round().astype("uint8"))
