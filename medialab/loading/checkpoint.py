"""Checkpoints: loaded from the disk, and released again.

Each family opens its own files (`family.opening`). Nothing here reaches for the network, unpickles
a file or runs code that lies beside a model.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING, Family
from medialab.families.base import INSTRUCT, Task
from medialab.families.vaes import size_told
from medialab.families.variants import NAMES_OF_VARIANTS
from medialab.files.opening import opening, quietly
from medialab.listing.info import ModelInfo
from medialab.listing.runnable import why_not
from medialab.loading.networks import (
    CONFIGS,
    bytes_of,
    is_absent,
    pick_dtype,
    refuse,
    refuse_weight_dtype,
    settle,
)
from medialab.process.memory import free_after, trim_memory
from medialab.process.offloading import Way
from medialab.process.precisions import WEIGHT_DTYPES
from medialab.process.retries import in_float32
from medialab.process.threads import pick_device

if TYPE_CHECKING:
    import torch

# Models of at least this many bytes are followed by `trim_memory`, which takes up to 0.1 s.
_LARGE = 2**30


class LoadedCheckpoint:
    """A checkpoint in memory: the one owner of its weights.

    Every pipeline it makes shares `components`; `release` frees them. Adapters, hooks and dtype
    changes made through one pipeline affect all. It is shared between runs and holds the state of
    none: a `medialab.diffusion.drawing.Drawing` holds the settings of one stage.

    Attributes:
        components: the networks, tokenizers and so on, by their names in the diffusers pipeline.
        family: the family whose rules it follows.
        device: the torch device that its weights are on.
        dtype: the weights' dtype; float32 within `in_float32`.
        nbytes: bytes of all weights; if parts wait on the CPU, of the largest that leaves it whole.
        weights: how the denoiser's weights are quantised, for the record; "" if they are not.
        offload: how its parts wait on the CPU: one of `medialab.process.offloading`'s ways.
    """

    def __init__(
        self,
        pipeline: Any,
        family: Family,
        device: str,
        dtype: "torch.dtype",
        weights: str = "",
        offload: Way = "none",
    ) -> None:
        self._pipeline = pipeline
        self._cached: dict[str, Any] = {}
        self.components: dict[str, Any] = dict(pipeline.components)
        self.family = family
        self.device = device
        self.dtype = dtype
        self.weights = weights
        self.nbytes = bytes_of(self.components.values())
        self.offload = offload
        if offload != "none":
            from medialab.loading.taking_turns import take_turns

            take_turns(self._resting(), device)
            self.nbytes = max(bytes_of([one]) for one in self._resting())

    def _resting(self) -> "list[torch.nn.Module]":
        """Return the parts that come to the device one at a time, whole."""
        part = self.family.denoiser.part if self.offload == "groups" else ""
        return [
            one for name, one in _modules(self.components) if name != part and not is_absent(one)
        ]

    def denoising(self) -> AbstractContextManager[None]:
        """Return a context within which the denoiser computes, where it comes in groups."""
        if self.offload != "groups":
            return nullcontext()
        from medialab.loading.taking_turns import in_groups

        return in_groups(self.denoiser, self.device)

    def pipeline(self, task: Task, controlnets: "Sequence[Any]" = (), *, vae: Any = None) -> Any:
        """Return a new diffusers pipeline for a task, around the same components.

        It belongs to the caller: setting its scheduler affects no other pipeline. Cost: 20 µs, the
        first of a task and any with ControlNets 1 ms.

        Args:
            task: a key of the family's `tasks`.
            controlnets: the networks of the ControlNets that the pipeline follows.
            vae: a VAE's network, used in place of the checkpoint's own.

        Raises:
            ModelRefusedError: the checkpoint is made for another task, or a ControlNet for another
                family.
        """
        variant, edits = self.variant, task == "instruct"
        # An inpainting checkpoint makes whole pictures, too: with everything masked.
        if not (self.family.edits(variant) if edits else variant != INSTRUCT):
            own = NAMES_OF_VARIANTS.get(variant, variant)
            wanted = NAMES_OF_VARIANTS[INSTRUCT if edits else ""]
            message = f"this checkpoint is made for {own}, not for {wanted}; choose another one"
            raise ModelRefusedError(message)
        if self.family.finishes and task not in self.family.tasks:
            message = (
                f"this checkpoint, of family {self.family}, only finishes pictures: set it as "
                "handover_checkpoint, or as the checkpoint of img2img or the refiner"
            )
            raise ModelRefusedError(message)
        if controlnets:
            pipeline = self._new_pipeline(task, controlnets)
        else:
            # diffusers looks at every component anew each time; a copy shares nothing that changes.
            pipeline = copy(self.cached(f"pipeline {task}", partial(self._new_pipeline, task)))
        if vae is not None:
            pipeline.vae = vae
        return pipeline

    def _new_pipeline(self, task: Task, controlnets: "Sequence[Any]" = ()) -> Any:
        """Return a new pipeline that diffusers makes; see `pipeline`."""
        classes = self.family.controlled if controlnets else self.family.tasks
        made_for_it = _class_of(classes[task])
        takes = inspect.signature(made_for_it.__init__).parameters
        settings = {name: one for name, one in self.pipeline_config.items() if name in takes}
        parts = {name: one for name, one in self.components.items() if name in takes}
        if controlnets:
            parts["controlnet"] = self._fitting(controlnets)
        # Without this the class warns on stderr at every run that there is no safety checker.
        quiet = {"requires_safety_checker": False} if "safety_checker" in parts else {}
        with quietly():
            pipeline = made_for_it(**settings | parts | quiet)
        # A tensor of so many channels is then taken for latents, and any other for a picture.
        processor = getattr(pipeline, "image_processor", None)
        if processor is not None:
            processor.register_to_config(vae_latent_channels=self.family.latents.channels)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _fitting(self, controlnets: "Sequence[Any]") -> Any:
        """Return the ControlNet, or the list of several, if the denoiser can follow them."""
        for network in controlnets:
            self.family.denoiser.check_controlnet(self.denoiser, network, self.family.name)
        return controlnets[0] if len(controlnets) == 1 else list(controlnets)

    @property
    def denoiser(self) -> Any:
        """The network that predicts the noise."""
        self._whole()
        return self.components[self.family.denoiser.part]

    @property
    def variant(self) -> str:
        """The denoiser's variant, such as "inpaint"; "" is text to image."""
        return self.family.denoiser.variant(self.denoiser)

    @property
    def pipeline_config(self) -> Mapping[str, Any]:
        """The config of its diffusers pipeline, with its class, as files write it."""
        pipeline = self._whole()
        return {**pipeline.config, "_class_name": type(pipeline).__name__}

    @property
    def vae(self) -> Any:
        """The checkpoint's own VAE.

        Raises:
            ModelRefusedError: the checkpoint has none.
        """
        own = self.components["vae"]
        if is_absent(own):
            raise ModelRefusedError("this checkpoint lacks its VAE: choose one of models/vae")
        return own

    @property
    def upcasts_vae(self) -> bool:
        """Whether its pipelines decode in float32 where the VAE's config asks for it."""
        return hasattr(self._whole(), "upcast_vae")

    def _whole(self) -> Any:
        if self._pipeline is None:
            message = f"this {self.family} model was released; load it again"
            raise RuntimeError(message)
        return self._pipeline

    @property
    def native_size(self) -> int:
        """Side in pixels that it was trained at, as `loading.native_sizes` tells it beforehand."""
        told = size_told(getattr(self.components["vae"], "config", {}))
        if told and self.denoiser.config.get("sample_size") is None:
            return told
        latents = self.family.denoiser.trained_latents(self.denoiser)
        return latents * self.reduction_of(self.components["vae"])

    def cached(self, name: str, make: Callable[[], Any]) -> Any:
        """Return the result of `make`, computed once and stored as long as the model is loaded."""
        if name not in self._cached:
            self._cached[name] = make()
        return self._cached[name]

    @contextmanager
    def in_float32(self) -> Iterator[None]:
        """Compute in float32 within the block; afterwards every bit of the weights is as it was."""
        import torch

        from medialab.loading.compute_dtypes import computing_in

        before = self.dtype
        networks = [network for _, network in _modules(self.components)]
        with in_float32(*networks), computing_in(torch.float32, *networks):
            self.dtype = torch.float32
            try:
                yield
            finally:
                self.dtype = before

    def reduction_of(self, vae: Any) -> int:
        """Return how many pixels a side one latent stands for, with a VAE of this family."""
        # A VAE halves the side once between two levels.
        levels = getattr(vae.config, "block_out_channels", ())
        own = 2 ** (len(levels) - 1) * self.family.codec.patch
        return own if levels else self.family.latents.reduction

    def release(self) -> None:
        """Release the weights and return their memory to the system."""
        if self.offload != "none":
            from medialab.loading.taking_turns import end_turns

            end_turns(self._resting())
        self._pipeline = None
        self.components.clear()
        self._cached.clear()
        free_after(self.nbytes)


def _class_of(name: str) -> Any:
    """Return a pipeline's class: of diffusers, or of the module before the name's last point."""
    module, _, own = name.rpartition(".")
    return getattr(importlib.import_module(module or "diffusers"), own)


def load_checkpoint(
    info: ModelInfo,
    device: str | None = None,
    configs: Path = CONFIGS,
    *,
    encoders: Sequence[ModelInfo] = (),
    precision: str | None = None,
    weight_dtype: str = WEIGHT_DTYPES[0],
    offload: Way = "none",
) -> LoadedCheckpoint:
    """Load a checkpoint onto a device.

    Cost: about as long as reading the files takes, and their size in memory (twice, where fp16 on
    the disk becomes fp32 on a CPU); with a `weight_dtype`, the CPU's memory holds the weights in
    the precision first.

    Args:
        info: the checkpoint as the registry lists it.
        device: a torch device; by default the best one here.
        configs: the folder of the families' configs, from which single files are built.
        encoders: the text encoders that its file lacks.
        precision: one of `medialab.process.precisions`; by default the device's own.
        weight_dtype: how the denoiser is stored, one of WEIGHT_DTYPES.
        offload: which parts wait on the CPU.

    Raises:
        ModelRefusedError: no stage can run it, or its file is broken; nothing stays in memory.
    """
    for one in (info, *encoders):
        refuse(one)
    _refuse_foreign(info)
    refuse_weight_dtype(info, weight_dtype)
    device = pick_device(device)
    dtype = pick_dtype(device, precision)
    family = RUNNING[info.family]
    with opening(f"checkpoint {info.name!r}"):
        if info.path.is_dir():
            pipeline = family.opening.folder(info.path, dtype)
        else:
            pipeline = family.opening.file(info, dtype, configs / family.name, encoders)
    _check_complete(info, pipeline)
    _settle(pipeline, family, device, dtype)
    stored = info.stored
    if weight_dtype != WEIGHT_DTYPES[0]:  # before it is moved: a GPU need not have room for more
        _STORING[weight_dtype](getattr(pipeline, family.denoiser.part), dtype)
        stored = weight_dtype
    if offload == "none" and device != "cpu":
        pipeline.to(device)
    if pipeline.vae is None:
        pipeline.vae = family.opening.absent_vae(configs / family.name)
    weights = f"{stored}, computed in {str(dtype).removeprefix('torch.')}" if stored else ""
    model = LoadedCheckpoint(pipeline, family, device, dtype, weights, offload)
    if model.nbytes > _LARGE:
        trim_memory()  # fragments that other types and layouts left: 0.6 GB of an SDXL's 13.9
    return model


def _refuse_foreign(info: ModelInfo) -> None:
    """Refuse a checkpoint that no stage can run, before any weight is read, as the listing does."""
    if reason := why_not("checkpoint", info.family, info.variant, is_file=info.path.is_file()):
        raise ModelRefusedError(f"checkpoint {info.name!r} {reason}")


def _check_complete(info: ModelInfo, pipeline: Any) -> None:
    """Refuse a checkpoint that lacks weights; the loaders only log a warning."""
    for name, part in _modules(pipeline.components):
        for weight, value in part.named_parameters():
            if value.is_meta:
                message = f"checkpoint {info.name!r} lacks {name}.{weight}; download it again"
                raise ModelRefusedError(message)


def _settle(pipeline: Any, family: Family, device: str, dtype: "torch.dtype") -> None:
    """Give the networks their dtype, and on a CPU their layout, each weight in one copy.

    A network whose weights have several dtypes was given them on purpose.
    """
    for name, part in _modules(pipeline.components):
        if not is_absent(part):
            own = {weight.dtype for weight in part.parameters() if weight.is_floating_point()}
            is_other = len(own) == 1 and own != {dtype}
            is_laid_out = device == "cpu" and name in (family.denoiser.part, "vae")
            settle(part, dtype if is_other else None, channels_last=is_laid_out)


def _store_in_float8(denoiser: Any, dtype: "torch.dtype") -> None:
    """Store a denoiser's large weights in float8; each layer converts its own while it computes.

    Norms, and what reads positions, stay as they are. Source: diffusers' enable_layerwise_casting.
    """
    import torch

    denoiser.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)


def _store_in_int8(denoiser: Any, _dtype: "torch.dtype") -> None:
    """Store the same weights as int8; each layer converts its own to its input's dtype."""
    from medialab.loading.int8_weights import store_in_int8

    store_in_int8(denoiser)


# How a denoiser is stored, by WEIGHT_DTYPES; the default stores it as it computes.
_STORING: Mapping[str, Callable[[Any, "torch.dtype"], None]] = {
    "fp8_e4m3fn": _store_in_float8,
    "int8": _store_in_int8,
}


def _modules(components: Mapping[str, Any]) -> "Iterator[tuple[str, torch.nn.Module]]":
    import torch

    for name, part in components.items():
        if isinstance(part, torch.nn.Module):
            yield name, part
