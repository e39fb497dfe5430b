"""Models from the disk into memory, and out of it again.

Only this and `medialab.loading.vaes` call diffusers' loaders. Nothing here reaches for the network,
unpickles a file or runs code that lies beside a model.
"""

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from medialab.errors import ModelRefusedError
from medialab.families.kinds import FINISHED_BY
from medialab.files.diffusers_folders import load_folder, load_network
from medialab.files.headers import read_header
from medialab.files.opening import check_file, opening, quietly, refuse_pickle
from medialab.files.part_configs import check_network, read_json
from medialab.listing.models import ModelInfo, check_folder
from medialab.listing.runnable import why_not
from medialab.loading.single_files import (
    SHARED_TOKENIZER,
    absent_vae,
    is_absent,
    load_single_controlnet,
    load_single_file,
)
from medialab.pixels.geometry import BLOCK
from medialab.process.installation import configs_folder
from medialab.process.memory import free_memory
from medialab.process.retries import Ladder, in_float32
from medialab.process.threads import pick_device

if TYPE_CHECKING:
    import torch

__all__ = [
    "CONFIGS",
    "INPAINT_CHANNELS",
    "SHARED_TOKENIZER",
    "LoadedCheckpoint",
    "LoadedNetwork",
    "load_checkpoint",
    "load_controlnet",
    "opening",
    "pick_dtype",
    "placed",
    "refuse",
]

Task = Literal["text-to-image", "image-to-image", "instruct"]

CONFIGS = configs_folder()

# The classes that rebuild any family's pipeline for a task around the same components. Their
# `from_pipe` casts nothing, unlike the one of the pipeline classes (diffusers issue 12754).
# Editing by instruction is in no Auto map; each family has a class of its own.
TASKS: Mapping[Task, str] = {
    "text-to-image": "AutoPipelineForText2Image",
    "image-to-image": "AutoPipelineForImage2Image",
}
INSTRUCT_PIPELINES = {
    "paperdoll": "StableDiffusionInstructPix2PixPipeline",
    "sd15": "StableDiffusionInstructPix2PixPipeline",
    "sd2": "StableDiffusionInstructPix2PixPipeline",
}

# Bytes of weights from which on it pays to give back what loading them left: it takes 0.7 s.
_LARGE = 2**30

# Channels that a denoiser reads -> what it is made for.
LATENT_CHANNELS = 4
INSTRUCT_CHANNELS = 8  # the latents, and those of the picture to edit
INPAINT_CHANNELS = 9  # the latents, where to paint, and the latents of what stays
MADE_FOR = {
    LATENT_CHANNELS: "making pictures",
    INSTRUCT_CHANNELS: "editing by instruction",
    INPAINT_CHANNELS: "inpainting",
}


class LoadedCheckpoint:
    """A checkpoint in memory: the one owner of its weights.

    Every pipeline it hands out shares `components`; `release` lets them go. Adapters, hooks and
    dtype changes made through one pipeline are seen by all.
    """

    def __init__(self, pipeline: Any, family: str, device: str, dtype: "torch.dtype") -> None:
        self._pipeline = pipeline
        self._cached: dict[str, Any] = {}
        self.components: dict[str, Any] = dict(pipeline.components)
        self.family = family
        self.device = device
        self.dtype = dtype
        # Files of the textual inversions that prompts may name, as the run that uses it found them.
        self.inversions: Mapping[str, Path] = {}
        # The LoRAs that the run may apply (`medialab.lora.RunLoRAs`), and what of them is in the
        # text encoders right now: texts encoded with one set are of no use with another.
        self.loras: Any = None
        self.adapted: Hashable = ()
        # The VAE in place of its own (a `medialab.loading.vaes.LoadedVAE`), as the stage says.
        self.chosen_vae: Any = None
        # What is done when memory runs out or numbers are none; each stage brings its own.
        self.ladder = Ladder()
        self.nbytes = _bytes_of(self.components.values())

    def pipeline(self, task: Task, controlnets: "Sequence[Any]" = ()) -> Any:
        """A new diffusers pipeline for the task, around the same components. Cost: about 1 ms.

        It is the caller's own: giving it another scheduler touches no other. With `controlnets` it
        is one that follows them.

        Raises:
            ModelRefusedError: the checkpoint is made for another task, or a ControlNet for another
                family.
        """
        import diffusers

        wanted = INSTRUCT_CHANNELS if task == "instruct" else LATENT_CHANNELS
        channels = self.channels
        # One for inpainting makes whole pictures, too: everything is masked then.
        if (channels == INSTRUCT_CHANNELS) != (wanted == INSTRUCT_CHANNELS):
            message = (
                f"this checkpoint is made for {MADE_FOR[channels]}, not for {MADE_FOR[wanted]}; "
                "choose another one"
            )
            raise ModelRefusedError(message)
        if task != "image-to-image" and self.family in FINISHED_BY.values():
            message = (
                f"this checkpoint, of family {self.family}, only finishes pictures: set it as "
                "handover_checkpoint, or as the checkpoint of img2img or the refiner"
            )
            raise ModelRefusedError(message)
        if task == "instruct":
            # Made without a checker, the class would say so on stderr at every run.
            quiet = (
                {"requires_safety_checker": False} if "safety_checker" in self.components else {}
            )
            made_for_it = getattr(diffusers, INSTRUCT_PIPELINES[self.family])
            takes = inspect.signature(made_for_it.__init__).parameters
            own = {name: one for name, one in self.components.items() if name in takes}
            with quietly():
                pipeline = made_for_it(**own, **quiet)
        else:
            control = {"controlnet": self._fitting(controlnets)} if controlnets else {}
            with quietly():
                pipeline = getattr(diffusers, TASKS[task]).from_pipe(self._pipeline, **control)
        if self.chosen_vae is not None:
            pipeline.vae = self.vae
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _fitting(self, controlnets: "Sequence[Any]") -> Any:
        """The ControlNet, or a list of several, if each reads text as wide as the denoiser does."""
        width = self._whole().unet.config.cross_attention_dim
        for network in controlnets:
            if network.config.cross_attention_dim != width:
                message = (
                    f"a ControlNet reads text of width {network.config.cross_attention_dim}, this "
                    f"{self.family} checkpoint's denoiser {width}: choose one made for its family"
                )
                raise ModelRefusedError(message)
        return controlnets[0] if len(controlnets) == 1 else list(controlnets)

    @property
    def channels(self) -> int:
        """Channels that its denoiser reads; see MADE_FOR."""
        return int(self._whole().unet.config.in_channels)

    @property
    def forces_zeros_for_empty_prompt(self) -> bool:
        """Whether it was trained to read zeros where there is no negative prompt (SDXL)."""
        return bool(self._whole().config.get("force_zeros_for_empty_prompt", False))

    @property
    def vae(self) -> Any:
        """The VAE in use: its own, or the chosen one.

        Raises:
            ModelRefusedError: it has none of its own, and none was chosen.
        """
        if self.chosen_vae is not None:
            return self.chosen_vae.network
        own = self.components["vae"]
        if is_absent(own):
            raise ModelRefusedError("this checkpoint lacks its VAE: choose one of models/vae")
        return own

    @property
    def vae_overflows(self) -> bool:
        """Whether the VAE must not decode in float16, as SDXL's own; other families only may."""
        import torch

        vae = self.vae
        told = hasattr(self._whole(), "upcast_vae") and vae.config.force_upcast
        return bool(told and vae.dtype == torch.float16)

    def _whole(self) -> Any:
        if self._pipeline is None:
            message = f"this {self.family} model was released; load it again"
            raise RuntimeError(message)
        return self._pipeline

    @property
    def native_size(self) -> int:
        """Pixels a side that the checkpoint was trained at: its latents' times the VAE's 8."""
        levels = len(self.components["vae"].config.block_out_channels)
        return int(self.components["unet"].config.sample_size * 2 ** (levels - 1))

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

    @property
    def block(self) -> int:
        """Pixels a side that one place of its latents stands for: its VAE halves between levels."""
        levels = getattr(self.vae.config, "block_out_channels", ())
        return int(2 ** (len(levels) - 1)) if levels else BLOCK

    def release(self) -> None:
        """Let go of the weights; what nobody else holds is back with the system afterwards."""
        self._pipeline = self.chosen_vae = None
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
    with opening(f"checkpoint {info.name!r}"):
        if info.format == "diffusers":
            pipeline = load_folder(info.path, dtype)
        else:
            pipeline = load_single_file(info, dtype, configs)
    _check_complete(info, pipeline)
    pipeline.to(device)
    if pipeline.vae is None:
        pipeline.vae = absent_vae(configs / info.family)
    if device == "cpu":
        _prefer_channels_last(pipeline)
    model = LoadedCheckpoint(pipeline, info.family, device, dtype)
    if model.nbytes > _LARGE:
        free_memory()  # the holes that other types and layouts left: 0.6 GB of an SDXL's 13.9
    return model


class LoadedNetwork:
    """One network in memory, such as a ControlNet: the one owner of its weights."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.ladder = Ladder()
        self.nbytes = _bytes_of([network])

    def in_float32(self) -> AbstractContextManager[None]:
        """While it lasts, all weights are float32; afterwards every bit is as it was."""
        return in_float32(self.network)

    def release(self) -> None:
        """Let go of the weights."""
        self.network = None
        free_memory()


def load_controlnet(
    info: ModelInfo, device: str | None = None, configs: Path = CONFIGS
) -> LoadedNetwork:
    """Load a ControlNet's folder for a device; by default the best one here.

    Raises:
        ModelRefusedError: a pickle, broken, or a single file of a family without a config here.
    """
    refuse(info)
    if reason := why_not(
        "controlnet", info.family, info.variant, is_file=info.path.is_file(), written=info.format
    ):
        raise ModelRefusedError(f"ControlNet {info.name!r} {reason}")
    device = pick_device(device)
    dtype = pick_dtype(device)
    config = configs / info.family / "controlnet"
    if not info.path.is_dir() and not config.is_dir():
        message = (
            f"ControlNet {info.name!r} is a single file of family {info.family}; of single "
            "files, sd15 and sdxl are opened; get it as a diffusers folder"
        )
        raise ModelRefusedError(message)
    with opening(f"ControlNet {info.name!r}"):
        if info.path.is_dir():
            class_name = _controlnet_class(info.path)
            check_network(info.path, class_name)
            network = load_network(info.path, class_name, dtype)
        else:
            network = load_single_controlnet(info.path, config, dtype)
    return LoadedNetwork(placed(network, device))


def placed(network: Any, device: str) -> Any:
    """A network ready to run on a device, in the layout that is fastest there."""
    import torch

    network = network.to(device).eval()
    return network.to(memory_format=torch.channels_last) if device == "cpu" else network


def pick_dtype(device: str) -> "torch.dtype":
    """The fastest dtype that a device computes in by itself."""
    import torch

    dtype: torch.dtype = getattr(torch, dtype_name(device))
    return dtype


def dtype_name(device: str) -> str:
    """Its name. Cost: torch is asked for a GPU only.

    CPUs stay at float32: without native bfloat16 they are 5 to 30 times slower in it (measured).
    """
    if not device.startswith("cuda"):
        return "float16" if device == "mps" else "float32"
    import torch

    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if native else "float16"


def _controlnet_class(folder: Path) -> str:
    """The one class of ControlNet that pipelines here follow."""
    name = str(read_json(folder / "config.json").get("_class_name"))
    if name != "ControlNetModel":
        raise ModelRefusedError(f"it is a {name}; those that are opened: ControlNetModel")
    return name


def _refuse_foreign(info: ModelInfo) -> None:
    """Refuse, before any weight is read, what no stage here can run, as the listing does."""
    if reason := why_not("checkpoint", info.family, info.variant, is_file=info.path.is_file()):
        raise ModelRefusedError(f"checkpoint {info.name!r} {reason}")


def refuse(info: ModelInfo) -> None:
    """Refuse what the listing refuses, for whoever comes by another way, or in between.

    Raises:
        ModelRefusedError: a pickle, no regular file, broken, or gone.
    """
    if info.refused is not None:
        raise ModelRefusedError(info.refused)
    refuse_pickle(info.path)
    if info.path.is_dir():
        check_folder(info.path)
    else:
        check_file(info.path)
        read_header(info.path)


def _check_complete(info: ModelInfo, pipeline: Any) -> None:
    """Refuse a checkpoint that left weights unset; the loaders only log that."""
    for name, part in _modules(pipeline.components):
        for weight, value in part.named_parameters():
            if value.is_meta:
                message = f"checkpoint {info.name!r} lacks {name}.{weight}; download it again"
                raise ModelRefusedError(message)


def _prefer_channels_last(pipeline: Any) -> None:
    """On a CPU a UNet gains 3 to 8 % by it, a VAE 13 % (measured)."""
    import torch

    for name in ("unet", "vae"):
        part = pipeline.components.get(name)
        if part is not None and not is_absent(part):
            part.to(memory_format=torch.channels_last)


def _modules(components: Mapping[str, Any]) -> "Iterator[tuple[str, torch.nn.Module]]":
    import torch

    for name, part in components.items():
        if isinstance(part, torch.nn.Module):
            yield name, part


def _bytes_of(components: Any) -> int:
    """Bytes of all weights; those that several layers share count once."""
    import torch

    storages = {}
    for part in components:
        if isinstance(part, torch.nn.Module):
            for tensor in (*part.parameters(), *part.buffers()):
                if tensor.is_meta:
                    continue
                storage = tensor.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())
