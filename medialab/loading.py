"""Models from the disk into memory, and out of it again.

Only this and `medialab.vaes` call diffusers' loaders. Nothing here reaches for the network,
unpickles a file or runs code that lies beside a model.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from safetensors import SafetensorError

from medialab.errors import ModelRefusedError
from medialab.families import FINISHED_BY
from medialab.headers import read_header
from medialab.ladder import Ladder, in_float32
from medialab.memory import free_memory, is_out_of_memory
from medialab.modelfiles import SINGLE_FILE, ModelInfo
from medialab.pickles import PICKLE_SUFFIXES, refusal, refusing_pickles
from medialab.runnable import why_not
from medialab.runtime import pick_device

if TYPE_CHECKING:
    import torch

Task = Literal["text-to-image", "image-to-image", "instruct"]

CONFIGS = Path(__file__).resolve().parents[1] / "models" / "configs"

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
    "sdxl": "StableDiffusionXLInstructPix2PixPipeline",
}

# Channels that a denoiser reads -> what it is made for.
LATENT_CHANNELS = 4
INSTRUCT_CHANNELS = 8  # the latents, and those of the picture to edit
MADE_FOR = {LATENT_CHANNELS: "making pictures", INSTRUCT_CHANNELS: "editing by instruction"}

# Families whose single files are opened, and the class they become. Each has its configs in
# CONFIGS/<family>; all share the tokenizer of CONFIGS/clip-tokenizer.
SINGLE_FILE_PIPELINES = {"sd15": "StableDiffusionPipeline", "sdxl": "StableDiffusionXLPipeline"}
SHARED_TOKENIZER = "clip-tokenizer"
# CLIP-L pads with its last token, OpenCLIP's bigG with token 0, which is "!".
TOKENIZERS = {
    "sd15": {"tokenizer": "<|endoftext|>"},
    "sdxl": {"tokenizer": "<|endoftext|>", "tokenizer_2": "!"},
}
# What diffusers, transformers and safetensors raise on files that are not what they say to be.
# Running out of memory is a RuntimeError too, but no fault of the file (`medialab.memory`).
LOADING_FAULTS = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    ImportError,
    AttributeError,
    TypeError,
    SafetensorError,
)


class LoadedModel:
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
        # The VAE in place of its own (`medialab.vaes.LoadedVAE`), as the stage that uses it says.
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
        channels = getattr(self._whole().unet.config, "in_channels", wanted)
        if channels != wanted:
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
            pipeline = made_for_it(**self.components, **quiet)
        else:
            control = {"controlnet": self._fitting(controlnets)} if controlnets else {}
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
    def forces_zeros_for_empty_prompt(self) -> bool:
        """Whether it was trained to read zeros where there is no negative prompt (SDXL)."""
        return bool(self._whole().config.get("force_zeros_for_empty_prompt", False))

    @property
    def vae(self) -> Any:
        """The VAE in use: its own, or the chosen one."""
        return self.components["vae"] if self.chosen_vae is None else self.chosen_vae.network

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

    def release(self) -> None:
        """Let go of the weights; what nobody else holds is back with the system afterwards."""
        self._pipeline = self.chosen_vae = None
        self.components.clear()
        self._cached.clear()
        free_memory()


def load_checkpoint(
    info: ModelInfo, device: str | None = None, configs: Path = CONFIGS
) -> LoadedModel:
    """Load a checkpoint for a device; by default the best one here.

    `configs` holds the config-only folders that single files are built after.
    Cost: about as long as reading the files takes, and their size in memory (twice, where fp16 on
    the disk becomes fp32 on a CPU).
    Raises: ModelRefusedError; nothing stays in memory then.
    """
    if info.refused is not None:
        raise ModelRefusedError(info.refused)
    refuse_pickles(info.path)
    _refuse_foreign(info)
    device = pick_device(device)
    dtype = pick_dtype(device)
    load = _load_folder if info.format == "diffusers" else partial(_load_file, configs=configs)
    with opening(f"checkpoint {info.name!r}"):
        pipeline = load(info, dtype=dtype)
    _check_complete(info, pipeline)
    pipeline.to(device)
    if device == "cpu":
        _prefer_channels_last(pipeline)
    return LoadedModel(pipeline, info.family, device, dtype)


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
    import diffusers

    if info.refused is not None:
        raise ModelRefusedError(info.refused)
    refuse_pickles(info.path)
    device = pick_device(device)
    dtype = pick_dtype(device)
    config = configs / info.family / "controlnet"
    with opening(f"ControlNet {info.name!r}"):
        if info.path.is_dir():
            network = diffusers.ControlNetModel.from_pretrained(
                info.path, torch_dtype=dtype, use_safetensors=True, local_files_only=True
            )
        elif config.is_dir():
            network = diffusers.ControlNetModel.from_single_file(
                str(info.path), config=str(config), torch_dtype=dtype, local_files_only=True
            )
        else:
            message = (
                f"ControlNet {info.name!r} is a single file of family {info.family}; of single "
                "files, sd15 and sdxl are opened; get it as a diffusers folder"
            )
            raise ModelRefusedError(message)
    return LoadedNetwork(placed(network, device))


def placed(network: Any, device: str) -> Any:
    """A network ready to run on a device, in the layout that is fastest there."""
    import torch

    network = network.to(device).eval()
    return network.to(memory_format=torch.channels_last) if device == "cpu" else network


@contextmanager
def opening(what: str, advice: str = "") -> Iterator[None]:
    """While it lasts diffusers reads `what`: no pickle, in silence, each fault by that name.

    Raises: ModelRefusedError, which ends with the `advice`.
    """
    try:
        with refusing_pickles(), _quietly():
            yield
    except LOADING_FAULTS as error:
        if is_out_of_memory(error):
            raise
        message = f"{what} cannot be loaded: {_first_line(error)}{advice}"
        raise ModelRefusedError(message) from error


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


def _load_folder(info: ModelInfo, dtype: "torch.dtype") -> Any:
    from diffusers import DiffusionPipeline

    return DiffusionPipeline.from_pretrained(
        info.path,
        dtype=dtype,
        variant=variant_of(info.path.glob(f"*/*{SINGLE_FILE}")),
        use_safetensors=True,
        local_files_only=True,
    )


def _load_file(info: ModelInfo, dtype: "torch.dtype", configs: Path) -> Any:
    import diffusers
    from transformers import CLIPTokenizer

    folder = configs / info.family
    own = configs / SHARED_TOKENIZER
    tokenizers = {
        name: CLIPTokenizer.from_pretrained(own, pad_token=pad, local_files_only=True)
        for name, pad in TOKENIZERS[info.family].items()
    }
    return getattr(diffusers, SINGLE_FILE_PIPELINES[info.family]).from_single_file(
        str(info.path), config=str(folder), dtype=dtype, local_files_only=True, **tokenizers
    )


def _refuse_foreign(info: ModelInfo) -> None:
    """Refuse, before any weight is read, what no stage here can run, as the listing does."""
    if reason := why_not("checkpoint", info.family, info.variant, is_file=info.path.is_file()):
        raise ModelRefusedError(f"checkpoint {info.name!r} {reason}")


def refuse_pickles(path: Path) -> None:
    """The listing refuses them too; this is for whoever comes by another way, or in between."""
    files = path.rglob("*") if path.is_dir() else [path]
    for file in files:
        if file.suffix.lower() in PICKLE_SUFFIXES:
            raise ModelRefusedError(refusal(file.name))
    if not path.is_dir():
        read_header(path)


def variant_of(files: Iterable[Path]) -> str | None:
    """The variant to ask for when weights are there under its name only (….fp16.…)."""
    weights = [file.name for file in files]
    variants = {name.split(".")[1].partition("-")[0] for name in weights if name.count(".") > 1}
    plain = any(name.count(".") == 1 for name in weights)
    return None if plain or len(variants) != 1 else variants.pop()


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
        if (part := pipeline.components.get(name)) is not None:
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
                storage = tensor.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def _first_line(error: BaseException) -> str:
    """What an error says first, or its type where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


@contextmanager
def _quietly() -> Iterator[None]:
    """Loaders draw bars and log advice where they stand: in a notebook, in somebody else's cell.

    What matters of it is checked afterwards and raised (`_check_complete`).
    """
    import diffusers.utils.logging as diffusers_logging
    import transformers.utils.logging as transformers_logging

    both = (diffusers_logging, transformers_logging)
    before = [(one, one.get_verbosity(), one.is_progress_bar_enabled()) for one in both]
    for one in both:
        one.set_verbosity_error()
        one.disable_progress_bar()
    try:
        yield
    finally:
        for one, verbosity, bar in before:
            one.set_verbosity(verbosity)
            if bar:
                one.enable_progress_bar()
