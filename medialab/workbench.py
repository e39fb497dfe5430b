"""The one place where all meet: configs are resolved, run as jobs, and kept as artifacts."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from medialab.artifacts import ArtifactManager, SettingsReader
from medialab.artifacts.needed import pictures_needed
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.families import RUNNING
from medialab.infotext.model_matches import MOST_READ
from medialab.infotext.restored import ReadSettings
from medialab.loading.networks import CONFIGS
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.process import threads
from medialab.process.installation import models_folder, outputs_folder
from medialab.process.jobs import JobQueue
from medialab.runs.cache import Explanation, StageCache
from medialab.runs.executor import Executor, KernelExecutor, RunJob
from medialab.runs.maker import Maker
from medialab.runs.memory_plan import MemoryPlan
from medialab.runs.request import Request
from medialab.runs.run import Run
from medialab.stages import STAGES

if TYPE_CHECKING:
    from PIL import Image


# A run begins with what it needs; before one, torch and diffusers come when nobody is busy.
IDLE_SECONDS = 2.0


class Workbench:
    """Models, outputs and a worker: makes pictures from configs.

    `models` and `outputs` are folders; by default those that MEDIALAB_MODELS and MEDIALAB_OUTPUTS
    name, else those of this checkout, or, installed, of the current folder. `device` is a torch
    device name; by default the best one here. `registry` is another workbench's, in place of
    `models` and `device`: both then use the same loaded models, one stage at a time. `executor`
    makes the pictures; by default a worker of this process, which loads torch and diffusers in the
    background: making a workbench costs milliseconds.
    """

    def __init__(
        self,
        models: Path | str | None = None,
        outputs: Path | str | None = None,
        device: str | None = None,
        *,
        registry: ModelRegistry | None = None,
        executor: Executor | None = None,
    ) -> None:
        outputs = Path(outputs or outputs_folder())
        self.pictures = PictureStore(outputs / "inputs", partial(pictures_needed, outputs))
        self._shares_models = registry is not None
        self.registry = registry or ModelRegistry(
            Path(models or models_folder()), hash_cache=outputs / "hashes.sqlite", device=device
        )
        self._reader = SettingsReader(self.registry, self.pictures)
        self.artifacts = ArtifactManager(outputs, self._reader)
        cache = StageCache(outputs / "cache")
        self._maker = Maker(self.registry, self.pictures, self.artifacts, cache)
        self._resolver, self.loras = self._maker.resolver, self._maker.loras
        threads.guard_imports()
        self.executor: Executor = executor or KernelExecutor(
            self._maker.make, JobQueue(prepare=threads.preload, idle=IDLE_SECONDS)
        )

    @property
    def cache(self) -> StageCache:
        """What the stages' results are kept in."""
        return self._maker.cache

    @property
    def device(self) -> str:
        """The torch device that pictures are made on."""
        return self.registry.device

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
        threads: int | None = None,
    ) -> RunJob:
        """Queue the request and return at once; from the stage `anew_from` on nothing is reused.

        `threads` are those of the CPU to compute with; by default those of a resolved config, else
        this machine's.

        With `keep_interrupted`, a cancelled picture is saved as far as it was: that of the last
        stage that was done, else what its latents show. It has the tag "interrupted", and its
        record says where that was. Pictures of a batch that were finished are kept always.

        Raises:
            ArtifactError: the picture is to be saved, and the outputs folder cannot be written.
            ConfigError: the mode needs a picture, and none is given; nothing is queued.
            ModelNotFoundError: no such model; nothing is queued then.
            ModelRefusedError: its file is a pickle, or broken.
        """
        names = [stage.name for stage in STAGES]
        if anew_from is not None and anew_from not in names:
            message = f"no stage {anew_from!r}; known: {', '.join(names)}"
            raise ConfigError(message)
        if save:
            self.artifacts.check()
        self._resolver.check(config)
        label = config.prompt or config.mode
        if self.executor.takes_resolved:
            config = self.resolve(config)
        request = Request(config, save, anew_from, save and keep_interrupted, threads)
        return self.executor.submit(request, label=label)

    def keep(self, picture: "Image.Image | Path | str | bytes") -> str:
        """Keep a picture to start from, and return the name by which configs speak of it.

        Raises:
            PictureError: no picture, a broken or a far too large one.
        """
        return self.pictures.keep(picture)

    def read_settings(
        self,
        source: str | Path | bytes,
        *,
        now: PipelineConfig | None = None,
        may_read: int | None = MOST_READ,
    ) -> ReadSettings:
        """Settings of any program: a text that was copied, or a picture's file from anywhere.

        Understood are A1111's and its kin's texts, JSON of SwarmUI, Fooocus, NovelAI, InvokeAI and
        Easy Diffusion, and this studio's own. Models are found by the hashes that are told.

        Args:
            source: the text; or a picture's or a text's path, or the bytes of a picture.
            now: has the checkpoint that stays chosen where the one that is told is not here.
            may_read: bytes of models that may be read to compare hashes that are not known yet,
                about 5 s a gigabyte; None: as many as it takes.

        Returns:
            `config` with all that could be set; `set` and `left_out` say what was and was not, with
            the reasons, `told` in sentences.

        Raises:
            ArtifactError: there is no such file, or it carries no settings.
            PictureError: the bytes are no picture that can be read.
            ConfigError: the text is too long for settings.
        """
        return self._reader.read(source, now=now, may_read=may_read)

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
        return self.execute(config.starting_from(self.keep(picture)), save=save)

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
        Where they make another picture (another prompt, seed, size, start picture), edited finds
        and masks of the run's are set aside, which `Run.set_aside` tells.

        Raises:
            ConfigError: no such stage, or a change that nothing can be made from.
        """
        config = self.changed(run.config, changes or {})
        job = self.submit(config, save=save, anew_from=from_stage, threads=run.config.threads)
        return self._wait_for(job)

    def changed(self, config: ResolvedConfig, changes: Mapping[str, Any]) -> PipelineConfig:
        """The first picture of a run's config with other settings, as `rerun` takes them.

        Raises:
            ConfigError: a change that nothing can be made from.
        """
        return self._resolver.changed(config, changes)

    def picture_after(self, config: ResolvedConfig, stage: str) -> "Image.Image | None":
        """The first picture of a run as a stage left it; None where that is not kept any more."""
        from medialab.runs.frames import decode_frame

        for one in self._resolver.plan_first(config).stages:
            if one.name == stage:
                frame = self.cache.read(one.key, partial(decode_frame, device="cpu"))
                return None if frame is None else frame.image
        return None

    def explain(self, config: PipelineConfig) -> list[Explanation]:
        """For each stage that would run: is its result kept, and if not, what changed.

        A seed of -1 is drawn anew each time, so that nothing after the prompt can be kept.
        """
        return self._maker.pipeline().explain(self._resolver.plan_first(self.resolve(config)))

    def memory_plan(self, config: PipelineConfig) -> MemoryPlan:
        """What the request needs of memory, and what is there for it; `print` shows a sentence.

        Raises:
            ModelNotFoundError: no such model.
        """
        return self._resolver.memory_plan(config)

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
        return self._resolver.resolve(config)

    def count_tokens(self, prompt: str, checkpoint: str) -> tuple[int, int]:
        """Tokens of a prompt for this checkpoint, and for how many its chunks have room.

        Reads the tokenizer alone, so that it may be asked at every change of a text.

        Raises:
            ModelNotFoundError: no such checkpoint.
        """
        info = self.registry.find(checkpoint, "checkpoint")
        family = RUNNING[info.family]
        return family.count_tokens(
            prompt, family.opening.tokenizer(info.path, CONFIGS / family.name)
        )

    def models(self, kind: str | None = None) -> list[ModelInfo]:
        """What is in the models folder, refused files included, with the reason."""
        return self.registry.models(kind)

    def close(self) -> None:
        """Cancel what runs, end the worker, free the models that no other workbench shares."""
        self.executor.close()
        if not self._shares_models:
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

    def _wait_for(self, job: RunJob) -> Run:
        """The job's run; Ctrl-C cancels it."""
        try:
            return job.result()
        except KeyboardInterrupt:
            job.cancel()
            raise
