"""Checkpoints from the disk into memory, and out of it again.

How its files are opened is each family's (`family.opening`). Nothing here reaches for the network,
unpickles a file or runs code that lies beside a model.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING, Family
from medialab.families.base import AUTOMATIC, INSTRUCT, Task
from medialab.families.variants import NAMES_OF_VARIANTS
from medialab.files.opening import opening, quietly
from medialab.listing.info import ModelInfo
from medialab.listing.runnable import why_not
from medialab.loading.networks import CONFIGS, bytes_of, is_absent, pick_dtype, refuse
from medialab.process.memory import free_memory
from medialab.process.retries import in_float32
from medialab.process.threads import pick_device

if TYPE_CHECKING:
    import torch

# Bytes of weights from which on it pays to give back what loading them left: it takes 0.7 s.
_LARGE = 2**30


class LoadedCheckpoint:
    """A checkpoint in memory: the one owner of its weights.

    Every pipeline it hands out shares `components`; `release` lets them go. Adapters, hooks and
    dtype changes made through one pipeline are seen by all. It is shared between runs and holds
    nothing of any: what a stage puts around it is a `medialab.diffusion.drawing.Drawing`.
    """

    def __init__(self, pipeline: Any, family: Family, device: str, dtype: "torch.dtype") -> None:
        self._pipeline = pipeline
        self._cached: dict[str, Any] = {}
        self.components: dict[str, Any] = dict(pipeline.components)
        self.family = family
        self.device = device
        self.dtype = dtype
        self.nbytes = bytes_of(self.components.values())

    def pipeline(self, task: Task, controlnets: "Sequence[Any]" = (), *, vae: Any = None) -> Any:
        """Return a new diffusers pipeline for the task, around the same components.

        It is the caller's own: giving it another scheduler touches no other. With `controlnets` it
        is one that follows them; `vae` is a network in place of the checkpoint's own. Cost: 1 ms.

        Raises:
            ModelRefusedError: the checkpoint is made for another task, or a ControlNet for another
                family.
        """
        import diffusers

        variant = self.variant
        # One for inpainting makes whole pictures, too: everything is masked then.
        if (variant == INSTRUCT) != (task == "instruct"):
            own = NAMES_OF_VARIANTS.get(variant, variant)
            wanted = NAMES_OF_VARIANTS[INSTRUCT if task == "instruct" else ""]
            message = f"this checkpoint is made for {own}, not for {wanted}; choose another one"
            raise ModelRefusedError(message)
        if self.family.finishes and task not in self.family.tasks:
            message = (
                f"this checkpoint, of family {self.family}, only finishes pictures: set it as "
                "handover_checkpoint, or as the checkpoint of img2img or the refiner"
            )
            raise ModelRefusedError(message)
        made_for_it = getattr(diffusers, self.family.tasks[task])
        if self.family.tasks[task] not in AUTOMATIC.values():
            # Made without a checker, the class would say so on stderr at every run.
            quiet = (
                {"requires_safety_checker": False} if "safety_checker" in self.components else {}
            )
            takes = inspect.signature(made_for_it.__init__).parameters
            parts = {name: one for name, one in self.components.items() if name in takes}
            with quietly():
                pipeline = made_for_it(**parts, **quiet)
        else:
            control = {"controlnet": self._fitting(controlnets)} if controlnets else {}
            with quietly():
                pipeline = made_for_it.from_pipe(self._pipeline, **control)
        if vae is not None:
            pipeline.vae = vae
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _fitting(self, controlnets: "Sequence[Any]") -> Any:
        """Return the ControlNet, or a list of several, if each is made for such a denoiser."""
        for network in controlnets:
            self.family.denoiser.check_controlnet(self.denoiser, network, self.family.name)
        return controlnets[0] if len(controlnets) == 1 else list(controlnets)

    @property
    def denoiser(self) -> Any:
        """The network that predicts."""
        self._whole()
        return self.components[self.family.denoiser.part]

    @property
    def variant(self) -> str:
        """What its denoiser is made for, such as "inpaint"; "" is the usual."""
        return self.family.denoiser.variant(self.denoiser)

    @property
    def pipeline_config(self) -> Mapping[str, Any]:
        """What the config of its pipeline says."""
        config: Mapping[str, Any] = self._whole().config
        return config

    @property
    def vae(self) -> Any:
        """Its own VAE.

        Raises:
            ModelRefusedError: it has none of its own.
        """
        own = self.components["vae"]
        if is_absent(own):
            raise ModelRefusedError("this checkpoint lacks its VAE: choose one of models/vae")
        return own

    @property
    def upcasts_vae(self) -> bool:
        """Whether its pipelines decode in float32 where the VAE's config says so."""
        return hasattr(self._whole(), "upcast_vae")

    def _whole(self) -> Any:
        if self._pipeline is None:
            message = f"this {self.family} model was released; load it again"
            raise RuntimeError(message)
        return self._pipeline

    @property
    def native_size(self) -> int:
        """Pixels a side that the checkpoint was trained at: its latents' times its VAE's."""
        latents = self.family.denoiser.trained_latents(self.denoiser)
        return latents * self.reduction_of(self.components["vae"])

    def cached(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once and kept as long as the model is."""
        if name not in self._cached:
            self._cached[name] = make()
        return self._cached[name]

    @contextmanager
    def in_float32(self) -> Iterator[None]:
        """While it lasts, all weights are float32; afterwards every bit is as it was."""
        import torch

        before = self.dtype
        networks = [network for _, network in _modules(self.components)]
        with in_float32(*networks):
            self.dtype = torch.float32
            try:
                yield
            finally:
                self.dtype = before

    def reduction_of(self, vae: Any) -> int:
        """Return the pixels a side that one latent of a VAE of this family stands for."""
        # Each level of a VAE but the last halves a side.
        levels = getattr(vae.config, "block_out_channels", ())
        return 2 ** (len(levels) - 1) if levels else self.family.latents.reduction

    def release(self) -> None:
        """Let go of the weights; what nobody else holds is back with the system afterwards."""
        self._pipeline = None
        self.components.clear()
        self._cached.clear()
        free_memory()


def load_checkpoint(
    info: ModelInfo, device: str | None = None, configs: Path = CONFIGS
) -> LoadedCheckpoint:
    """Load a checkpoint for a device; by default the best one here.

    `configs` holds the config-only folders that single files are built after.
    Cost: about as long as reading the files takes, and their size in memory (twice, where fp16 on
    the disk becomes fp32 on a CPU).
    Raises: ModelRefusedError; nothing stays in memory then.
    """
    refuse(info)
    _refuse_foreign(info)
    device = pick_device(device)
    dtype = pick_dtype(device)
    family = RUNNING[info.family]
    with opening(f"checkpoint {info.name!r}"):
        if info.format == "diffusers":
            pipeline = family.opening.folder(info.path, dtype)
        else:
            pipeline = family.opening.file(info, dtype, configs / family.name)
    _check_complete(info, pipeline)
    pipeline.to(device)
    if pipeline.vae is None:
        pipeline.vae = family.opening.absent_vae(configs / family.name)
    if device == "cpu":
        _prefer_channels_last(pipeline, family)
    model = LoadedCheckpoint(pipeline, family, device, dtype)
    if model.nbytes > _LARGE:
        free_memory()  # the holes that other types and layouts left: 0.6 GB of an SDXL's 13.9
    return model


def _refuse_foreign(info: ModelInfo) -> None:
    """Refuse, before any weight is read, what no stage here can run, as the listing does."""
    if reason := why_not("checkpoint", info.family, info.variant, is_file=info.path.is_file()):
        raise ModelRefusedError(f"checkpoint {info.name!r} {reason}")


def _check_complete(info: ModelInfo, pipeline: Any) -> None:
    """Refuse a checkpoint that left weights unset; the loaders only log that."""
    for name, part in _modules(pipeline.components):
        for weight, value in part.named_parameters():
            if value.is_meta:
                message = f"checkpoint {info.name!r} lacks {name}.{weight}; download it again"
                raise ModelRefusedError(message)


def _prefer_channels_last(pipeline: Any, family: Family) -> None:
    """On a CPU a denoiser of convolutions gains 3 to 8 % by it, a VAE 13 % (measured)."""
    import torch

    for name in (family.denoiser.part, "vae"):
        part = pipeline.components.get(name)
        if part is not None and not is_absent(part):
            part.to(memory_format=torch.channels_last)


def _modules(components: Mapping[str, Any]) -> "Iterator[tuple[str, torch.nn.Module]]":
    import torch

    for name, part in components.items():
        if isinstance(part, torch.nn.Module):
            yield name, part
