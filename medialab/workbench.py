"""The one place where all meet: configs are resolved, run as jobs, and kept as artifacts."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from medialab import runtime
from medialab.artifacts import Artifact, ArtifactManager
from medialab.cache import Explanation, StageCache
from medialab.choosing import check_detectors, with_detectors
from medialab.config import EMBEDDING, LORA, RANDOM_SEED, PipelineConfig, ResolvedConfig
from medialab.detailing import DetectionEdit
from medialab.encoding.counting import count_in_folder
from medialab.errors import CancelledError, ConfigError, ModelRefusedError
from medialab.families import FINISHED_BY, latents_of
from medialab.geometry import to_multiple
from medialab.jobs import Job, JobQueue
from medialab.loading import CONFIGS, SHARED_TOKENIZER
from medialab.lora import LoRAManager, refuse_family
from medialab.pictures import PictureStore
from medialab.preprocessors import check_library
from medialab.prompts import Styles, mentions
from medialab.registry import ModelInfo, ModelRegistry
from medialab.settings import LARGEST_SEED, ControlUnit, SamplingConfig, StageConfig
from medialab.stages import STAGES
from medialab.stages.base import Model
from medialab.vaes import refuse_unfitting

if TYPE_CHECKING:
    from PIL import Image

    from medialab.detectors import Detection
    from medialab.pipeline import Pipeline, Progress

CHECKOUT = Path(__file__).resolve().parents[1]
INTERRUPTED = "interrupted"  # the tag of a picture that was cancelled
LEAST_SHOWN = 384  # pixels that a notebook gives to a picture, however small it is


@dataclass(frozen=True)
class Run:
    """What came of one request: pictures, their files, and how they were made.

    The plural fields hold one entry per picture of the batch, in order; `artifacts` is empty when
    the run was not saved. `detections` are the first picture's finds by detailer; edited, they go
    back with `Workbench.rerun`.
    """

    config: ResolvedConfig
    images: "Sequence[Image.Image]"
    records: Sequence[dict[str, Any]]
    artifacts: Sequence[Artifact]
    detections: Mapping[str, Sequence[DetectionEdit]] = field(default_factory=dict)

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

    def __repr__(self) -> str:
        """One line: a notebook keeps it beside the picture."""
        files = ", ".join(str(artifact.path) for artifact in self.artifacts) or "not saved"
        width, height = self.image.size
        return f"Run(seed={self.config.seed}, {width} × {height}, {files})"

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
        self.pictures = PictureStore(outputs / "inputs")
        self.cache = StageCache(outputs / "cache")
        self._device = device
        self.registry = ModelRegistry(
            Path(models or CHECKOUT / "models"), hash_cache=outputs / "hashes.sqlite", device=device
        )
        self.loras = LoRAManager(hashes=self.registry.hashes)
        self.queue = JobQueue(prepare=runtime.preload)

    @property
    def device(self) -> str:
        """The torch device that pictures are made on; the first question imports torch."""
        return runtime.pick_device(self._device)

    def execute(self, config: PipelineConfig, *, save: bool = True) -> Run:
        """Make the pictures and wait for them. Ctrl-C cancels the run.

        Raises:
            ModelNotFoundError: no such checkpoint; the message lists those there are.
            MediaLabError: a stage could not go on, or the picture could not be written.
        """
        return self._wait_for(self.submit(config, save=save))

    def submit(
        self,
        config: PipelineConfig,
        *,
        save: bool = True,
        anew_from: str | None = None,
        keep_interrupted: bool = False,
    ) -> Job[Run]:
        """Queue the request and return at once; from the stage `anew_from` on nothing is reused.

        With `keep_interrupted`, a cancelled picture is saved as far as it was: that of the last
        stage that was done, else what its latents show. It has the tag "interrupted", and its
        record says where that was. Pictures of a batch that were finished are kept always.

        Raises:
            ConfigError: the mode needs a picture, and none is given; nothing is queued.
            ModelNotFoundError: no such model; nothing is queued then.
            ModelRefusedError: its file is a pickle, or broken.
        """
        _check_picture(config)
        names = [stage.name for stage in STAGES]
        if anew_from is not None and anew_from not in names:
            message = f"no stage {anew_from!r}; known: {', '.join(names)}"
            raise ConfigError(message)
        chosen = self._with_detectors(config)
        for model in _models_of(chosen):
            self.registry.find(model.name, model.kind)
        check_detectors(chosen, self.registry.find)
        self._refuse_foreign(config)
        self._check_handover(config)
        keep = save and keep_interrupted
        return self.queue.submit(
            partial(self._make, config, save, anew_from, keep),
            label=config.prompt or config.mode,
            request=config,
        )

    def keep(self, picture: "Image.Image | Path | str | bytes") -> str:
        """Keep a picture to start from, and return the name by which configs speak of it.

        Raises:
            PictureError: no picture, a broken or a far too large one.
        """
        return self.pictures.keep(picture)

    def enhance(
        self,
        picture: "Image.Image | Path | str | bytes",
        config: PipelineConfig,
        *,
        save: bool = True,
    ) -> Run:
        """Work on a picture from anywhere: `execute` with it as the one to start from.

        A config for text to image leaves stage 3 out: refiner, detailers and upscaler work on the
        picture as it is.

        Raises:
            PictureError: the picture cannot be read.
            MediaLabError: as `execute`.
        """
        mode = "enhance" if config.mode == "txt2img" else config.mode
        return self.execute(config.changed(mode=mode, image=self.keep(picture)), save=save)

    def rerun(
        self,
        run: Run,
        *,
        from_stage: str,
        changes: Mapping[str, Any] | None = None,
        save: bool = True,
    ) -> Run:
        """The first picture of a run again, with other settings, from a stage on.

        `changes` are settings as `PipelineConfig` names them; those of a stage may be given in
        part: `{"face": {"denoising_strength": 0.6}}`. What stands before `from_stage` is reused.

        Raises:
            ConfigError: no such stage, or a change that nothing can be made from.
        """
        config = self.changed(run.config, changes or {})
        return self._wait_for(self.submit(config, save=save, anew_from=from_stage))

    def changed(self, config: ResolvedConfig, changes: Mapping[str, Any]) -> PipelineConfig:
        """The first picture of a run's config with other settings, as `rerun` takes them.

        Raises:
            ConfigError: a change that nothing can be made from.
        """
        single = self._singles(config)[0].asked()
        settings: dict[str, Any] = {}
        for name, value in changes.items():
            old = getattr(single, name, None)
            if isinstance(old, StageConfig) and isinstance(value, Mapping):
                settings[name] = {**old.model_dump(), **value}
            else:
                settings[name] = value
        return single.changed(**settings)

    def picture_after(self, config: ResolvedConfig, stage: str) -> "Image.Image | None":
        """The first picture of a run as a stage left it; None where that is not kept any more."""
        from medialab.frames import decode_frame

        for key in self._pipeline().keys(self._singles(config)[0]):
            if key.stage == stage:
                content = self.cache.get(key)
                return None if content is None else decode_frame(content, "cpu").image
        return None

    def explain(self, config: PipelineConfig) -> list[Explanation]:
        """For each stage that would run: is its result kept, and if not, what changed.

        A seed of -1 is drawn anew each time, so that nothing after the prompt can be kept.
        """
        return self._pipeline().explain(self._singles(self.resolve(config))[0])

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """The request with nothing left open: seed drawn, sizes set, the checkpoint's hash found.

        Styles are merged; what prompts leave to chance is drawn, but for a batch, whose pictures
        draw it each from its own seed. A config that is resolved already must still mean the same
        files.

        Raises:
            ConfigError: a setting has a value that nothing can be made from.
            ModelNotFoundError: no such checkpoint.
            ModelRefusedError: the file is a pickle, or broken, or not the one of a resolved config.
        """
        config = self._with_detectors(config.changed())  # a copy past the checks is checked here
        _check_picture(config)
        info = self.registry.find(config.checkpoint, "checkpoint")
        sha256 = self.registry.sha256(info)
        if isinstance(config, ResolvedConfig):
            self._refuse_replaced(config)
            return config
        width, height = self._size_of(config, info)
        prompt, negative_prompt = Styles.load(self.registry.folder / "styles.csv").merge(
            config.prompt, config.negative_prompt, config.styles
        )
        settings = config.model_dump() | {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "styles": (),
            "seed": _drawn(config.seed),
            "variation_seed": (
                _drawn(config.variation_seed)
                if config.variation_strength
                else config.variation_seed
            ),
            "width": width,
            "height": height,
            "checkpoint_sha256": sha256,
            "models_sha256": self._hashes(config),
        }
        return self._with_named(ResolvedConfig.parse(settings), info.family)

    def count_tokens(self, prompt: str, checkpoint: str) -> tuple[int, int]:
        """Tokens of a prompt for this checkpoint, and for how many its chunks have room.

        Reads the tokenizer alone, so that it may be asked at every change of a text.

        Raises:
            ModelNotFoundError: no such checkpoint.
        """
        info = self.registry.find(checkpoint, "checkpoint")
        own = info.path / "tokenizer"
        return count_in_folder(prompt, own if own.is_dir() else CONFIGS / SHARED_TOKENIZER)

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

    def _wait_for(self, job: Job[Run]) -> Run:
        """The job's run; Ctrl-C cancels it."""
        try:
            return job.result()
        except KeyboardInterrupt:
            job.cancel()
            raise

    def _size_of(self, config: PipelineConfig, info: ModelInfo) -> tuple[int, int]:
        """Width and height as asked, else the given picture's, else the checkpoint's own."""
        if config.width and config.height:
            return config.width, config.height
        if config.image is not None and config.mode != "txt2img":
            width, height = (to_multiple(side) for side in self.pictures.load(config.image).size)
        else:
            width = height = self.registry.native_size(info)
        return config.width or width, config.height or height

    def _with_detectors(self, config: PipelineConfig) -> PipelineConfig:
        """The request with the detectors that "automatic" stands for here."""
        family = self.registry.find(config.checkpoint, "checkpoint").family
        return with_detectors(config, self.registry.models("detector"), family)

    def _singles(self, config: ResolvedConfig) -> list[ResolvedConfig]:
        """One config per picture, its prompts drawn.

        Raises:
            ConfigError: a prompt names a wildcard that is not there.
        """
        return config.singles(self.registry.folder / "wildcards")

    def _with_named(self, config: ResolvedConfig, family: str) -> ResolvedConfig:
        """The config with the hashes of what its pictures' prompts name: inversions, LoRAs."""
        singles = self._singles(config)
        texts = [text for single in singles for text in single.texts()]
        hashes = {
            f"{EMBEDDING}{info.name}": self.registry.sha256(info)
            for info in self.registry.models("embedding")
            if info.refused is None
            and info.family == family
            and any(mentions(info.name, text) for text in texts)
        }
        for name in sorted({name for single in singles for name in single.lora_names()}):
            hashes[f"{LORA}{name}"] = self.registry.sha256(self.registry.find(name, "lora"))
        known = config.model_copy(update={"models_sha256": config.models_sha256 | hashes})
        return self._singles(known)[0] if config.batch_size == 1 else known

    def _check_handover(self, config: PipelineConfig) -> None:
        """Refuse a checkpoint that cannot go on where the base stops."""
        if config.mode != "txt2img" or not config.handover_checkpoint or config.switch_at >= 1:
            return
        names = config.checkpoint, config.handover_checkpoint
        base, other = (self.registry.find(name, "checkpoint").family for name in names)
        if other not in {base, FINISHED_BY.get(base)}:
            message = (
                f"handover_checkpoint {names[1]!r} is of family {other}, {names[0]!r} of {base}: "
                "their latents mean other things; choose one of the same family"
            )
            raise ConfigError(message)
        if other != base and config.runs("control"):
            message = (
                f"handover_checkpoint {names[1]!r} follows no ControlNet for {base}; "
                "take control away, or hand over to a checkpoint of the same family"
            )
            raise ConfigError(message)

    def _hashes(self, config: PipelineConfig) -> dict[str, str]:
        """What the models besides the run's own checkpoint hold, by kind and name."""
        return {
            f"{model.kind}/{model.name}": self.registry.sha256(
                self.registry.find(model.name, model.kind)
            )
            for model in _models_of(config)
            if model != Model("checkpoint", config.checkpoint)
        }

    def _refuse_replaced(self, config: ResolvedConfig) -> None:
        """Refuse a resolved config one of whose models is another file by now."""
        embeddings = [Model("embedding", name) for name in config.embeddings()]
        for model in [*_models_of(config), *embeddings]:
            info = self.registry.find(model.name, model.kind)
            was, now = config.sha256_of(*model) or "nothing", self.registry.sha256(info)
            if was != now:
                message = (
                    f"{model.kind} {model.name!r} is another file now: this picture was made "
                    f"with {was[:10]}, {info.path.name} is {now[:10]}. Put "
                    "the old file back, or run config.asked() to use the new one."
                )
                raise ModelRefusedError(message)

    def _refuse_foreign(self, config: PipelineConfig) -> None:
        """Refuse LoRAs and VAEs that are made for another family than their stage's checkpoint."""
        for stage in STAGES:
            if not config.runs(stage.name):
                continue
            settings = config.settings_for(stage.name, stage.settings)
            name = getattr(settings, "checkpoint", None) or config.checkpoint
            family = self.registry.find(name, "checkpoint").family
            for model in stage.models(settings):
                if model.kind == "lora":
                    lora = self.registry.find(model.name, model.kind)
                    refuse_family(model.name, lora.family, family)
                elif model.kind == "vae":
                    refuse_unfitting(self.registry.find(model.name, model.kind))
                    self._refuse_foreign_vae(stage.name, config, family)

    def _refuse_foreign_vae(self, stage: str, config: PipelineConfig, family: str) -> None:
        """Refuse the base's VAE for a stage whose checkpoint, of that family, has other latents.

        The shapes of VAEs tell no family: one that a stage sets itself is as it is asked for.
        """
        own = getattr(config, stage, None)
        base = self.registry.find(config.checkpoint, "checkpoint").family
        takes_over = isinstance(own, SamplingConfig) and own.vae is None
        if takes_over and latents_of(family) != latents_of(base):
            message = (
                f"{stage} takes over vae {config.vae!r}, chosen for {base}, but its checkpoint is "
                f"of family {family}: their latents mean other things; set {stage}.vae to '' for "
                "the checkpoint's own, or to one made for it"
            )
            raise ConfigError(message)

    def _pipeline(self) -> "Pipeline":
        from medialab.pipeline import Pipeline

        return Pipeline(self.cache, self.device)

    def _make(
        self, asked: PipelineConfig, save: bool, anew_from: str | None, keep: bool, job: Job[Run]
    ) -> Run:
        """On the worker: one picture after another, each kept as soon as it is there."""
        from medialab.pipeline import Progress

        config = self.resolve(asked)  # here, since hashing a new file takes seconds a gigabyte
        job.check()
        pipeline, singles = self._pipeline(), self._singles(config)
        images, records, artifacts = [], [], []
        detections: dict[str, tuple[DetectionEdit, ...]] = {}
        for number, single in enumerate(singles, start=1):
            progress = Progress(
                single, self.registry, self.pictures, self.loras, job, number, len(singles)
            )
            try:
                outcome = pipeline.run(single, progress, anew_from=anew_from)
            except CancelledError as cancelled:
                if keep:
                    self._keep_interrupted(single, progress, cancelled)
                raise
            images.append(outcome.image)
            records.append(outcome.record)
            if number == 1:
                detections = self._editable(outcome.detections, single)
            if save:
                artifacts.append(self.artifacts.save(outcome.image, single, outcome.record))
        return Run(config, images, records, artifacts, detections)

    def _keep_interrupted(
        self, config: ResolvedConfig, progress: "Progress", cancelled: CancelledError
    ) -> None:
        """Save and mark what there is of a picture, and say so in the error."""
        if (found := progress.unfinished()) is None:
            return
        image, where = found
        artifact = self.artifacts.save(image, config, {"interrupted": where})
        self.artifacts.annotate(artifact.path, tags=[INTERRUPTED])
        message = f"the run was cancelled in {where['stage']}; what there was is {artifact.path}"
        raise CancelledError(message) from cancelled

    def _editable(
        self, detections: "Mapping[str, Sequence[Detection]]", config: ResolvedConfig
    ) -> dict[str, tuple[DetectionEdit, ...]]:
        """Finds as settings: a person may tick, reorder and change them.

        Those that a person has edited already are given back as they were left.
        """
        return {
            stage: getattr(config, stage).detections
            or tuple(
                DetectionEdit(
                    label=found.label,
                    box=found.box.edges,
                    mask=self.pictures.keep(found.mask),
                    confidence=found.confidence,
                    index=found.index,
                )
                for found in finds
            )
            for stage, finds in detections.items()
        }


def _check_picture(config: PipelineConfig) -> None:
    """Refuse a mode that starts from a picture when there is none."""
    if config.mode != "txt2img" and config.image is None:
        message = (
            f"mode={config.mode!r} starts from a picture: bench.enhance(picture, config), "
            "or image=bench.keep(picture)"
        )
        raise ConfigError(message)
    if config.mode == "instruct" and config.runs("control"):
        message = "mode='instruct' follows no ControlNet; take control away, or use img2img"
        raise ConfigError(message)
    for unit in _units_of(config):
        check_library(unit.preprocessor)
    if config.mode == "inpaint" and config.inpaint.mask is None:
        message = "inpaint.mask is not set: bench.keep(a picture that is white where to paint)"
        raise ConfigError(message)


def _models_of(config: PipelineConfig) -> list[Model]:
    """Every model that this request will ask for: the checkpoint, then the stages' own."""
    named = [Model("checkpoint", config.checkpoint)]
    for stage in STAGES:
        if config.runs(stage.name):
            named += stage.models(config.settings_for(stage.name, stage.settings))
    return list(dict.fromkeys(named))


def _units_of(config: PipelineConfig) -> list[ControlUnit]:
    """The ControlNet units that count, the base's and the stages' own."""
    every = [*config.control]
    for name, stage in config:
        if isinstance(stage, SamplingConfig) and config.runs(name):
            every += stage.control or ()
    return [unit for unit in every if unit.counts]


def _drawn(seed: int) -> int:
    return secrets.randbelow(LARGEST_SEED + 1) if seed == RANDOM_SEED else seed
