"""The one place where all meet: configs are resolved, run as jobs, and kept as artifacts."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from medialab import runtime
from medialab.artifacts import Artifact, ArtifactManager
from medialab.config import LARGEST_SEED, RANDOM_SEED, PipelineConfig, ResolvedConfig
from medialab.errors import ModelRefusedError
from medialab.jobs import Job, JobQueue
from medialab.registry import ModelInfo, ModelRegistry

if TYPE_CHECKING:
    from PIL import Image

CHECKOUT = Path(__file__).resolve().parents[1]
LEAST_SHOWN = 384  # pixels that a notebook gives to a picture, however small it is


@dataclass(frozen=True)
class Run:
    """What came of one request: pictures, their files, and how they were made.

    The plural fields hold one entry per picture of the batch, in order; `artifacts` is empty when
    the run was not saved.
    """

    config: ResolvedConfig
    images: "Sequence[Image.Image]"
    records: Sequence[dict[str, Any]]
    artifacts: Sequence[Artifact]

    @property
    def image(self) -> "Image.Image":
        """The first picture."""
        return self.images[0]

    @property
    def record(self) -> dict[str, Any]:
        """How the first picture was made."""
        return self.records[0]

    @property
    def artifact(self) -> Artifact:
        """The first picture's file and sidecar."""
        if not self.artifacts:
            message = "this run was made with save=False and has no files"
            raise AttributeError(message)
        return self.artifacts[0]

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Notebooks show a run as its pictures, side by side, small ones enlarged."""
        from PIL import Image

        sheet = Image.new("RGB", (sum(image.width for image in self.images), self.image.height))
        left = 0
        for image in self.images:
            sheet.paste(image, (left, 0))
            left += image.width
        buffer = BytesIO()
        sheet.save(buffer, "PNG")
        return buffer.getvalue(), {"width": max(sheet.width, LEAST_SHOWN * len(self.images))}


class Workbench:
    """Models, outputs and a worker: makes pictures from configs.

    `models` and `outputs` are folders; by default those of this checkout. `device` is a torch
    device name; by default the best one here. Making a workbench costs milliseconds: its worker
    loads torch and diffusers in the background.
    """

    def __init__(
        self,
        models: Path | str | None = None,
        outputs: Path | str | None = None,
        device: str | None = None,
    ) -> None:
        outputs = Path(outputs or CHECKOUT / "outputs")
        self.artifacts = ArtifactManager(outputs)
        self.registry = ModelRegistry(
            Path(models or CHECKOUT / "models"), hash_cache=outputs / "hashes.sqlite", device=device
        )
        self.queue = JobQueue(prepare=runtime.preload)

    def execute(self, config: PipelineConfig, *, save: bool = True) -> Run:
        """Make the pictures and wait for them. Ctrl-C cancels the run.

        Raises:
            ModelNotFoundError: no such checkpoint; the message lists those there are.
            MediaLabError: a stage could not go on, or the picture could not be written.
        """
        job = self.submit(config, save=save)
        try:
            return job.result()
        except KeyboardInterrupt:
            job.cancel()
            raise

    def submit(self, config: PipelineConfig, *, save: bool = True) -> Job[Run]:
        """Queue the request and return at once.

        Raises:
            ModelNotFoundError: no such checkpoint; nothing is queued then.
            ModelRefusedError: its file is a pickle, or broken.
        """
        self.registry.find(config.checkpoint, "checkpoint")
        return self.queue.submit(partial(self._make, config, save))

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """The request with nothing left open: seed drawn, sizes set, the checkpoint's hash found.

        A config that is resolved already must still mean the same files.

        Raises:
            ConfigError: a setting has a value that nothing can be made from.
            ModelNotFoundError: no such checkpoint.
            ModelRefusedError: the file is a pickle, or broken, or not the one of a resolved config.
        """
        config = config.changed()  # a copy made past the checks is checked here
        info = self.registry.find(config.checkpoint, "checkpoint")
        sha256 = self.registry.sha256(info)
        if isinstance(config, ResolvedConfig):
            if config.checkpoint_sha256 != sha256:
                message = (
                    f"checkpoint {config.checkpoint!r} is another file now: this picture was made "
                    f"with {config.checkpoint_sha256[:10]}, {info.path.name} is {sha256[:10]}. Put "
                    "the old file back, or run config.asked() to use the new one."
                )
                raise ModelRefusedError(message)
            return config
        native = self.registry.native_size(info)
        settings = config.model_dump() | {
            "seed": _drawn(config.seed),
            "width": config.width or native,
            "height": config.height or native,
            "checkpoint_sha256": sha256,
        }
        return ResolvedConfig.model_validate(settings)

    def models(self, kind: str | None = None) -> list[ModelInfo]:
        """What is in the models folder, refused files included, with the reason."""
        return self.registry.models(kind)

    def close(self) -> None:
        """Cancel what runs, end the worker, free the models."""
        self.queue.close()
        self.registry.unload_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self, asked: PipelineConfig, save: bool, job: Job[Run]) -> Run:
        """On the worker: one picture after another, each kept as soon as it is there."""
        from medialab.pipeline import Pipeline, Progress

        config = self.resolve(asked)  # here, since hashing a new file takes seconds a gigabyte
        job.check()
        info = self.registry.find(config.checkpoint, "checkpoint")
        model = self.registry.load(info)
        if self.registry.sha256(info) != config.checkpoint_sha256:
            message = f"{info.path.name} was replaced while it was being loaded; run this again"
            raise ModelRefusedError(message)
        pipeline, singles = Pipeline(), config.singles()
        images, records, artifacts = [], [], []
        for number, single in enumerate(singles, start=1):
            outcome = pipeline.run(single, Progress(model, job, number, len(singles)))
            images.append(outcome.image)
            records.append(outcome.record)
            if save:
                artifacts.append(self.artifacts.save(outcome.image, single, outcome.record))
        return Run(config, images, records, artifacts)


def _drawn(seed: int) -> int:
    return secrets.randbelow(LARGEST_SEED + 1) if seed == RANDOM_SEED else seed
