"""The workbench, through which all is reached: it runs configs as jobs and saves the pictures."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.artifacts import ArtifactManager, SettingsReader
from medialab.artifacts.needed import pictures_needed
from medialab.artifacts.tagging import Tags
from medialab.config.pipeline import PipelineConfig, as_request
from medialab.config.resolved import ResolvedConfig
from medialab.devices.executor import DevicesExecutor
from medialab.devices.names import read_devices
from medialab.errors import ConfigError, listed
from medialab.listing.model_folders import chosen_folders
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.presets import Presets, for_photo
from medialab.process import threads
from medialab.process.closing import Closing
from medialab.process.installation import outputs_folder, short_path
from medialab.process.queue import JobQueue
from medialab.runs.cache import StageCache
from medialab.runs.executor import Executor, KernelExecutor, RunJob, wait_for
from medialab.runs.maker import Maker
from medialab.runs.request import Request
from medialab.runs.run import Run
from medialab.runs.verifying import Verification, verify
from medialab.runs.waiting import WaitingRequests
from medialab.stages import STAGES
from medialab.workbench.batches import OfBatches
from medialab.workbench.models import OfModels
from medialab.workbench.pictures import OfPictures
from medialab.workbench.requests import OfRequests

if TYPE_CHECKING:
    from PIL import Image


# The worker imports torch and diffusers after this idle time, or when the first run needs them.
IDLE_SECONDS = 2.0


class Workbench(OfModels, OfPictures, OfRequests, OfBatches, Closing):
    """Models, outputs and a worker: makes pictures from configs.

    Making a workbench costs milliseconds: its worker loads torch and diffusers in the background.

    Args:
        models: The models folder, or several: the studio's own, ComfyUI's, A1111's, a cache of
            Hugging Face, or a list of folders (see docs/models.md); by default those that
            MEDIALAB_MODELS or medialab.toml name, else that of this checkout, or, if installed, of
            the current folder.
        outputs: The outputs folder; by default the one that MEDIALAB_OUTPUTS names, else likewise.
        device: A torch device name; by default the best device of this machine.
        registry: Another workbench's, in place of `models` and `device`: both then use the same
            loaded models, one stage at a time.
        executor: Makes the pictures; by default a worker thread of this process.
        devices: In place of `device` and `executor`: several, as a list or as text, each with a
            process that makes pictures, with models of its own: "cuda:0,cuda:1"; "all" for every
            CUDA device; "cpu,cpu" for two processes that share the processor's cores.

    Raises:
        ConfigError: there is no such device, or two arguments say what makes the pictures.
    """

    def __init__(
        self,
        models: Path | str | Sequence[Path | str] | None = None,
        outputs: Path | str | None = None,
        device: str | None = None,
        *,
        registry: ModelRegistry | None = None,
        executor: Executor | None = None,
        devices: str | Sequence[str] | None = None,
    ) -> None:
        named = None if devices is None else read_devices(devices)
        if named is not None:
            if registry is not None or executor is not None or device is not None:
                message = "devices have processes and models of their own: give no other of device,"
                raise ConfigError(f"{message} registry and executor").about("devices")
            device = named[0]
        outputs = Path(outputs or outputs_folder())
        self.pictures = PictureStore(outputs / "inputs", partial(pictures_needed, outputs))
        self._shares_models = registry is not None
        self.registry = registry or ModelRegistry(
            models or chosen_folders(),
            hash_cache=outputs / "hashes.sqlite",
            editions=outputs / "editions",
            facts=outputs / "machine.json",
            device=device,
        )
        self._reader = SettingsReader(self.registry, self.pictures)
        self.artifacts = ArtifactManager(outputs, self._reader)
        cache = StageCache(outputs / "cache")
        self.tags = Tags(self.artifacts, self.registry)
        self.presets = Presets(self.artifacts.folder)
        if named is not None:
            given = [models] if isinstance(models, Path | str) else models or chosen_folders()
            folders = [Path(one).expanduser().absolute() for one in given]
            executor = DevicesExecutor(folders, outputs.absolute(), named)
        threads_each = None if executor is None else executor.threads
        self._maker = Maker(self.registry, self.pictures, self.artifacts, cache, threads_each)
        self._resolver, self.loras = self._maker.resolver, self._maker.loras
        if executor is None:
            threads.guard_imports()
            executor = KernelExecutor(
                self._maker.make, JobQueue(prepare=threads.preload, idle=IDLE_SECONDS)
            )
        self.executor: Executor = executor
        self.waiting = WaitingRequests(outputs / "waiting", self.executor)
        self.registry.hashing.start_if_chosen()

    @property
    def cache(self) -> StageCache:
        """The cache of the stages' results."""
        return self._maker.cache

    @property
    def device(self) -> str:
        """The torch device that pictures are made on."""
        return self.registry.device

    def __repr__(self) -> str:
        outputs = short_path(self.artifacts.folder)
        return f"Workbench(outputs={outputs!r}, device={self.device!r})"

    def execute(self, config: PipelineConfig, *, save: bool = True) -> Run:
        """Make the pictures and wait for them; Ctrl-C cancels the run.

        Args:
            config: The request.
            save: Whether to write the pictures to the outputs folder.

        Raises:
            ModelNotFoundError: no such checkpoint; the message lists the existing ones.
            MediaLabError: a stage failed, or the picture could not be written.
        """
        return wait_for(self.submit(config, save=save))

    def submit(
        self,
        config: PipelineConfig,
        *,
        save: bool = True,
        anew_from: str | None = None,
        keep_interrupted: bool = False,
        threads: int | None = None,
        duplicates: bool = False,
        beside: "Sequence[ResolvedConfig]" = (),
    ) -> RunJob:
        """Queue the request and return at once.

        A picture that is in the outputs folder already, made by the same settings and equal in
        every byte, is not written again: `Run.already_there` says so.

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
            duplicates: Whether a picture that is there already is written once more.
            beside: Requests of pictures that will be asked for next, and that are denoised at once
                with this one, as their `together` says.

        Raises:
            ArtifactError: the picture is to be saved, but the outputs folder is not writable.
            ConfigError: a setting is missing, such as the picture to start from, or has a value
                that no picture can be made with; or a picture of `beside` has no place of its own.
                As with every error here, nothing is queued.
            ModelNotFoundError: no such model.
            ModelRefusedError: a model is a pickle, broken, or made for something else.
            WorkbenchClosedError: the workbench was closed, or made in the process that this one was
                forked from.
        """
        names = [stage.name for stage in STAGES]
        if anew_from is not None and anew_from not in names:
            raise ConfigError(f"no stage {anew_from!r}; {listed(anew_from, names)}")
        self.check(config, save=save)
        label = config.prompt or config.mode
        keeps = save and keep_interrupted
        request = Request(config, save, anew_from, keeps, threads, duplicates, tuple(beside))
        return self.executor.submit(request, label=label)

    def verify(self, picture: Any) -> Verification:
        """Make a saved picture again, without saving it, and say whether it is equal.

        Args:
            picture: Its path, its artifact, or a run with one.

        Returns:
            Whether it is equal in every pixel, or where it differs and what would explain that, or
            why it cannot be made again; `print` it.

        Raises:
            ArtifactError: there is no such picture here, or its sidecar is damaged.
            CancelledError: the run was cancelled.
        """
        return verify(picture, self.artifacts, lambda config: wait_for(self.submit_again(config)))

    def submit_again(self, config: ResolvedConfig) -> RunJob:
        """Queue a picture that is made from nothing, without saving it; see `verify`."""
        return self.submit(config, save=False, anew_from=STAGES[0].name)

    def enhance(
        self,
        picture: Any,
        config: PipelineConfig | None = None,
        *,
        save: bool = True,
    ) -> Run:
        """Make a picture from a given one: `execute` with it as the start picture.

        With a config for text to image, stage 3 is skipped: refiner, detailers and upscaler work
        on the given picture. Enlarging, sharpening and colours need no checkpoint.

        Args:
            picture: The picture, in any form that `keep` takes.
            config: The settings to work on it with; by default those of the preset "Photo", which
                enlarges, sharpens and balances the colours, and draws nothing.
            save: Whether to write the result to the outputs folder.

        Raises:
            PictureError: the picture cannot be read.
            MediaLabError: as `execute`.
        """
        config = for_photo() if config is None else as_request(config)
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
        return wait_for(job)

    def picture_after(self, config: ResolvedConfig, stage: str) -> "Image.Image | None":
        """Return the first picture of a run after a stage; None if it is no longer cached."""
        from medialab.runs.frames import decode_frame

        for one in self._resolver.plan_first(config).stages:
            if one.name == stage:
                frame = self.cache.read(one.key, partial(decode_frame, device="cpu"))
                return None if frame is None else frame.image
        return None

    def close(self) -> None:
        """Cancel all runs and downloads, end the worker, free models that no other bench uses."""
        if "downloads" in vars(self):
            self.downloads.close()
        self.executor.close()
        self.waiting.close()
        if not self._shares_models:
            self.registry.hashing.close()
            self.registry.unload_all()
