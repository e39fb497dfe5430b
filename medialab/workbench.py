"""The workbench, through which all is reached: it runs configs as jobs and saves the pictures."""

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
from medialab.loading.defaults import defaults_of
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


# The worker imports torch and diffusers after this idle time, or when the first run needs them.
IDLE_SECONDS = 2.0


class Workbench:
    """Models, outputs and a worker: makes pictures from configs.

    Making a workbench costs milliseconds: its worker loads torch and diffusers in the background.

    Args:
        models: The models folder; by default the one that MEDIALAB_MODELS names, else that of this
            checkout, or, if installed, of the current folder.
        outputs: The outputs folder; by default the one that MEDIALAB_OUTPUTS names, else likewise.
        device: A torch device name; by default the best device of this machine.
        registry: Another workbench's, in place of `models` and `device`: both then use the same
            loaded models, one stage at a time.
        executor: Makes the pictures; by default a worker thread of this process.
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
        """The cache of the stages' results."""
        return self._maker.cache

    @property
    def device(self) -> str:
        """The torch device that pictures are made on."""
        return self.registry.device

    def execute(self, config: PipelineConfig, *, save: bool = True) -> Run:
        """Make the pictures and wait for them; Ctrl-C cancels the run.

        Args:
            config: The request.
            save: Whether to write the pictures to the outputs folder.

        Raises:
            ModelNotFoundError: no such checkpoint; the message lists the existing ones.
            MediaLabError: a stage failed, or the picture could not be written.
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
        """Queue the request and return at once.

        Args:
            config: The request.
            save: Whether to write the pictures to the outputs folder.
            anew_from: The stage from which on no cached result is used; None to use them all.
            keep_interrupted: Whether to save a cancelled picture as far as it was made: the result
                of the last completed stage, or else a preview of its latents. It gets the tag
                "interrupted", and its record names the step. Pictures of a batch that were
                finished before are saved in any case.
            threads: CPU threads to compute with; by default those of a resolved config, or else
                all that suit this machine.

        Raises:
            ArtifactError: the picture is to be saved, but the outputs folder is not writable.
            ConfigError: a setting is missing, such as the picture to start from, or has a value
                that no picture can be made with. As with every error here, nothing is queued.
            ModelNotFoundError: no such model.
            ModelRefusedError: a model is a pickle, broken, or made for something else.
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
        """Store a picture to start from, and return its name in configs.

        Args:
            picture: The picture, or its file's path or content.

        Raises:
            PictureError: it is not a picture, or is broken or far too large.
        """
        return self.pictures.keep(picture)

    def read_settings(
        self,
        source: str | Path | bytes,
        *,
        now: PipelineConfig | None = None,
        may_read: int | None = MOST_READ,
    ) -> ReadSettings:
        """Read the settings of any program, from a copied text or a picture's file.

        Supported are the texts of A1111 and its forks, the JSON of SwarmUI, Fooocus, NovelAI,
        InvokeAI and Easy Diffusion, and this studio's own. Models are found by their hashes.

        Args:
            source: The text; or the path of a picture or a text; or the bytes of a picture.
            now: The config whose checkpoint is kept if the one in the settings is not here.
            may_read: Bytes of models that may be read to compute hashes that are not known yet,
                about 5 s per gigabyte; None for no limit.

        Returns:
            A `config` with every setting that could be read; `set` and `left_out` list which were
            and were not, with reasons, and `summary` says it in sentences.

        Raises:
            ArtifactError: there is no such file, or it has no settings.
            PictureError: the bytes are not a readable picture.
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
        """Make a picture from a given one: `execute` with it as the start picture.

        With a config for text to image, stage 3 is skipped: refiner, detailers and upscaler work
        on the given picture.

        Args:
            picture: The picture, or its file's path or content.
            config: The settings to work on it with.
            save: Whether to write the result to the outputs folder.

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
        """Make the first picture of a run again from a stage on, with other settings.

        If they lead to another picture (another prompt, seed, size or start picture), the run's
        edited detections and masks are set aside; `Run.set_aside` lists them.

        Args:
            run: The run.
            from_stage: The first stage that is run again; results of earlier ones are reused.
            changes: Settings by their names in `PipelineConfig`; a stage's may be given in part:
                `{"face": {"denoising_strength": 0.6}}`.
            save: Whether to write the picture to the outputs folder.

        Raises:
            ConfigError: no such stage, or a setting has a value that no picture can be made with.
        """
        config = self.changed(run.config, changes or {})
        job = self.submit(config, save=save, anew_from=from_stage, threads=run.config.threads)
        return self._wait_for(job)

    def changed(self, config: ResolvedConfig, changes: Mapping[str, Any]) -> PipelineConfig:
        """Return the config of a run's first picture with other settings.

        Args:
            config: The run's.
            changes: Settings as for `rerun`.

        Raises:
            ConfigError: a setting has a value that no picture can be made with.
        """
        return self._resolver.changed(config, changes)

    def picture_after(self, config: ResolvedConfig, stage: str) -> "Image.Image | None":
        """Return the first picture of a run after a stage; None if it is no longer cached."""
        from medialab.runs.frames import decode_frame

        for one in self._resolver.plan_first(config).stages:
            if one.name == stage:
                frame = self.cache.read(one.key, partial(decode_frame, device="cpu"))
                return None if frame is None else frame.image
        return None

    def explain(self, config: PipelineConfig) -> list[Explanation]:
        """Return for each stage that would run whether its result is cached, or else what changed.

        A seed of -1 is drawn anew each time, so that only the prompt's stage can be cached.
        """
        return self._maker.pipeline().explain(self._resolver.plan_first(self.resolve(config)))

    def memory_plan(self, config: PipelineConfig) -> MemoryPlan:
        """Return the memory that the request needs and that there is; `print` it for a sentence.

        Raises:
            ModelNotFoundError: no such model.
        """
        return self._resolver.memory_plan(config)

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """Complete a request: draw its seed, set sizes, merge styles, and record models' hashes.

        Random choices in prompts are drawn too, except in a batch, where each picture draws its
        own. A config that is resolved already must still mean the same files.

        Raises:
            ConfigError: a setting has a value that no picture can be made with.
            ModelNotFoundError: no such checkpoint.
            ModelRefusedError: a model is a pickle, broken, or not the one of a resolved config.
        """
        return self._resolver.resolve(config)

    def count_tokens(self, prompt: str, checkpoint: str) -> tuple[int, int]:
        """Count a prompt's tokens for a checkpoint, and those that fit into its chunks.

        Reads only the tokenizer, so that it can be called at every change of a text.

        Returns:
            The prompt's tokens, and the room of as many chunks as it takes.

        Raises:
            ModelNotFoundError: no such checkpoint.
        """
        info = self.registry.find(checkpoint, "checkpoint")
        family = RUNNING[info.family]
        return family.count_tokens(
            prompt, family.opening.tokenizer(info.path, CONFIGS / family.name)
        )

    def defaults(self, checkpoint: str) -> dict[str, Any]:
        """Return the settings to begin with for a checkpoint, by its family; nothing is loaded.

        They are steps, guidance_scale, sampler, schedule, width and height, by which
        `PipelineConfig(checkpoint=name, **bench.defaults(name))` draws what it was trained for.

        Raises:
            ModelNotFoundError: no such checkpoint.
            ModelRefusedError: it cannot be used, or the size of its training is not known.
        """
        return defaults_of(self.registry.find(checkpoint, "checkpoint"))

    def models(self, kind: str | None = None) -> list[ModelInfo]:
        """Return the models in the models folder, of one kind or all; refused ones too."""
        return self.registry.models(kind)

    def close(self) -> None:
        """Cancel all runs, end the worker, and free models that no other workbench uses."""
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
        """Wait for the job's run; Ctrl-C cancels it."""
        try:
            return job.result()
        except KeyboardInterrupt:
            job.cancel()
            raise
