"""What the folder of a model must hold, and what its configs may say, before any class is built.

A library that finds no config, an empty one or one with a setting gone takes a default in silence,
and draws another picture; one that finds a million layers begins to build them. So each config is
checked for what decides the pixels, and its sizes for those of the weights that are there.

Required settings are those that diffusers 0.6 and transformers 4.22 wrote already, in 2022: models
published then have no others. Of later ones, those that came later are required, too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from medialab.errors import ModelRefusedError
from medialab.files.headers import read_header
from medialab.files.opening import check_file

Shapes = Mapping[str, tuple[int, ...]]

# The names under which both libraries save weights begin so; others beside them are not read.
_WEIGHTS = ("diffusion_pytorch_model", "model")
_SAFETENSORS = ".safetensors"
# transformers follows it to another model, on the hub.
_ADAPTER = "adapter_config.json"
LARGEST_CONFIG = 1_000_000  # bytes; the longest published ones, with all labels, have a tenth
LARGEST_TOKENIZER = 64_000_000  # bytes; the largest published vocabularies have half
_VERSION = re.compile(r"(\d+)\.(\d+)\.")
# Tokens that a vocabulary may have besides its bytes, twice, and its merges.
_SPECIAL_TOKENS = 64

Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Layers = Annotated[int, Field(strict=True, ge=1, le=256)]
Number = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, gt=0, lt=1)]
Word = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Levels = Annotated[list[Count], Field(min_length=1, max_length=16)]
Blocks = Annotated[list[Word], Field(min_length=1, max_length=16)]


class _Config(BaseModel):
    """Settings that are there and usable; others are the library's business."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _is_since(config: BaseModel, minor: int) -> bool:
    """Whether diffusers wrote a config in version 0.`minor` or later."""
    match = _VERSION.match(getattr(config, "written_by", None) or "")
    return match is not None and (int(match[1]), int(match[2])) >= (0, minor)


class _Convolutional(_Config):
    """What UNets and VAEs share."""

    in_channels: Count
    out_channels: Count
    block_out_channels: Levels
    down_block_types: Blocks
    up_block_types: Blocks
    layers_per_block: Layers | list[Layers]
    act_fn: Word
    norm_num_groups: Count | None

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        levels = len(self.block_out_channels)
        if not levels == len(self.down_block_types) == len(self.up_block_types):
            message = "block_out_channels, down_block_types and up_block_types differ in length"
            raise ValueError(message)
        odd = [
            width
            for width in self.block_out_channels
            if self.norm_num_groups is not None and width % self.norm_num_groups
        ]
        if odd:
            message = f"norm_num_groups {self.norm_num_groups} does not divide {odd[0]} channels"
            raise ValueError(message)
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        _same("block_out_channels and in_channels", shapes, "conv_in.weight", self._first())
        self._check_counts(shapes, "down_blocks.")

    def _check_counts(self, shapes: Shapes, start: str) -> None:
        """The levels that begin so, and the layers of the first, are as many as the weights'."""
        _as_many("levels", shapes, start, len(self.block_out_channels))
        layers = self.layers_per_block
        each = layers[0] if isinstance(layers, list) else layers
        _as_many("layers_per_block", shapes, f"{start}0.resnets.", each)

    def _first(self) -> tuple[int, ...]:
        return self.block_out_channels[0], self.in_channels


class UNetConfig(_Convolutional):
    """Of diffusers' UNet2DConditionModel."""

    cross_attention_dim: Count | list[Count]
    attention_head_dim: Count | list[Count]
    sample_size: Count | list[Count]
    flip_sin_to_cos: StrictBool
    freq_shift: Annotated[int, Field(strict=True, ge=0, le=1)]
    norm_eps: Number
    transformer_layers_per_block: Layers | list[Layers | list[Layers]] = 1


class ControlNetConfig(_Config):
    """Of diffusers' ControlNetModel and its kin."""

    in_channels: Count
    block_out_channels: Levels
    down_block_types: Blocks
    layers_per_block: Layers
    cross_attention_dim: Count | list[Count]
    attention_head_dim: Count | list[Count]
    norm_num_groups: Count | None
    flip_sin_to_cos: StrictBool
    conditioning_embedding_out_channels: Levels
    transformer_layers_per_block: Layers | list[Layers] = 1

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        first = self.block_out_channels[0], self.in_channels
        _same("block_out_channels and in_channels", shapes, "conv_in.weight", first)


class VAEConfig(_Convolutional):
    """Of diffusers' AutoencoderKL."""

    latent_channels: Count
    sample_size: Count | list[Count]
    scaling_factor: Number | None = None
    written_by: str | None = Field(None, alias="_diffusers_version")

    @model_validator(mode="after")
    def _tells_its_scale(self) -> Self:
        if self.scaling_factor is None and _is_since(self, 13):
            message = "scaling_factor must be there"
            raise ValueError(message)
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        _same("block_out_channels and in_channels", shapes, "encoder.conv_in.weight", self._first())
        self._check_counts(shapes, "encoder.down_blocks.")
        last = self.block_out_channels[-1], self.latent_channels
        _same("latent_channels", shapes, "decoder.conv_in.weight", last)


class TinyVAEConfig(_Config):
    """Of diffusers' AutoencoderTiny."""

    in_channels: Count
    out_channels: Count
    latent_channels: Count
    encoder_block_out_channels: Levels
    decoder_block_out_channels: Levels
    num_encoder_blocks: list[Layers]
    num_decoder_blocks: list[Layers]
    scaling_factor: Number

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        first = self.encoder_block_out_channels[0], self.in_channels
        _same("encoder_block_out_channels", shapes, "encoder.layers.0.weight", first)


class TextConfig(_Config):
    """Of a CLIP text encoder."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Layers
    num_attention_heads: Count
    vocab_size: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    max_position_embeddings: Count
    hidden_act: Word
    layer_norm_eps: Number
    eos_token_id: Annotated[int, Field(strict=True, ge=0)]

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.hidden_size % self.num_attention_heads:
            message = (
                f"num_attention_heads {self.num_attention_heads} does not divide hidden_size "
                f"{self.hidden_size}"
            )
            raise ValueError(message)
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        _same(
            "vocab_size and hidden_size",
            shapes,
            "embeddings.token_embedding.weight",
            (self.vocab_size, self.hidden_size),
        )
        _same(
            "intermediate_size",
            shapes,
            "encoder.layers.0.mlp.fc1.weight",
            (self.intermediate_size, self.hidden_size),
        )
        for start in ("encoder.layers.", "text_model.encoder.layers."):
            _as_many("num_hidden_layers", shapes, start, self.num_hidden_layers)
        _same(
            "max_position_embeddings",
            shapes,
            "embeddings.position_embedding.weight",
            (self.max_position_embeddings, self.hidden_size),
        )


class SchedulerConfig(_Config):
    """Of any diffusers scheduler that a denoiser here was trained with."""

    name: Word = Field(alias="_class_name")
    # All that are published have 1,000; LCM's own schedule is a part of 50 of them.
    num_train_timesteps: Annotated[int, Field(strict=True, ge=50, le=10_000)]
    beta_start: Share | None = None
    beta_end: Share | None = None
    beta_schedule: Word | None = None
    trained_betas: list[Share] | None = None
    prediction_type: Word | None = None
    rescale_betas_zero_snr: StrictBool = False
    written_by: str | None = Field(None, alias="_diffusers_version")

    @model_validator(mode="after")
    def _tells_its_noise(self) -> Self:
        told = self.beta_start, self.beta_end, self.beta_schedule
        if self.trained_betas is None and None in told and "FlowMatch" not in self.name:
            message = "beta_start, beta_end and beta_schedule must be there"
            raise ValueError(message)
        if self.trained_betas and len(self.trained_betas) != self.num_train_timesteps:
            message = "trained_betas must be as many as num_train_timesteps"
            raise ValueError(message)
        if self.prediction_type is None and _is_since(self, 10):
            message = "prediction_type must be there"
            raise ValueError(message)
        return self


class TokenizerConfig(_Config):
    """Of a CLIP tokenizer; pictures depend on all of it."""

    model_max_length: Annotated[int, Field(strict=True, ge=3, le=100_000)]
    bos_token: str | dict[str, Any]
    eos_token: str | dict[str, Any]
    unk_token: str | dict[str, Any]
    pad_token: str | dict[str, Any]


# A part's class -> what its config must say.
CONFIGS: Mapping[str, type[_Config]] = {
    "UNet2DConditionModel": UNetConfig,
    "AutoencoderKL": VAEConfig,
    "AutoencoderTiny": TinyVAEConfig,
    "ControlNetModel": ControlNetConfig,
    "ControlNetUnionModel": ControlNetConfig,
    "CLIPTextModel": TextConfig,
    "CLIPTextModelWithProjection": TextConfig,
}


def check_network(folder: Path, class_name: str) -> None:
    """Refuse the folder of a network that is no `class_name` of the size of its weights.

    Raises:
        ModelRefusedError: its config is missing or says something impossible, or weights are
            missing.
    """
    refuse_adapter(folder)
    path = folder / "config.json"
    config = read_json(path)
    shapes = shapes_of(folder)
    found = checked(path, CONFIGS[class_name], config)
    try:
        getattr(found, "check_weights", lambda _shapes: None)(shapes)
    except ValueError as error:
        raise _refused(path, f"says {error}") from error


def check_scheduler(folder: Path) -> None:
    """Refuse a scheduler's folder whose config does not tell the noise that it was trained with."""
    path = folder / "scheduler_config.json"
    checked(path, SchedulerConfig, read_json(path))


def check_tokenizer(folder: Path, vocabulary: int | None = None) -> None:
    """Refuse a CLIP tokenizer's folder without its words, or with some of them gone.

    `vocabulary` is how many the text encoder knows.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    path = folder / "tokenizer_config.json"
    checked(path, TokenizerConfig, read_json(path))
    words = folder / "tokenizer.json"
    if words.exists() or words.is_symlink():
        model = read_json(words, LARGEST_TOKENIZER).get("model")
        if not isinstance(model, dict) or not isinstance(model.get("merges"), list):
            raise _refused(words, "holds no vocabulary")
        vocab, merges = model.get("vocab"), len(model["merges"])
    else:
        words = folder / "vocab.json"
        if not words.exists() and not words.is_symlink():
            message = f"{folder.name}/tokenizer.json is missing; copy the model again"
            raise ModelRefusedError(message)
        vocab = read_json(words, LARGEST_TOKENIZER)
        lines = folder / "merges.txt"
        check_file(lines)
        merges = sum(
            1
            for line in lines.read_text("utf-8", "replace").splitlines()
            if line.strip() and not line.startswith("#version")
        )
    if not isinstance(vocab, dict) or not all(type(one) is int for one in vocab.values()):
        raise _refused(words, "holds no vocabulary")
    # Byte-level BPE: each byte, each byte that ends a word, a word for each merge.
    if abs(len(vocab) - 2 * 256 - merges) > _SPECIAL_TOKENS:
        raise _refused(words, f"has {len(vocab)} words for {merges} merges: some are missing")
    if vocabulary is not None and not vocabulary - _SPECIAL_TOKENS <= len(vocab) <= vocabulary:
        message = f"has {len(vocab)} words, where the text encoder knows {vocabulary}"
        raise _refused(words, message)


def refuse_adapter(folder: Path) -> None:
    """Refuse a part that says it is another model, of the hub, with an adapter over it."""
    path = folder / _ADAPTER
    if path.exists() or path.is_symlink():
        message = (
            f"{folder.name}/{_ADAPTER} makes this an adapter of a model that lies elsewhere; "
            "delete that file if the weights beside it are whole, or get the whole model"
        )
        raise ModelRefusedError(message)


def read_json(path: Path, most: int = LARGEST_CONFIG) -> dict[str, Any]:
    """A JSON object of a model's folder.

    Raises:
        ModelRefusedError: it is missing, no regular file, larger than `most` bytes, or none.
    """
    check_file(path)
    try:
        if path.stat().st_size > most:
            raise _refused(path, f"is larger than {most // 1_000_000} MB")
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _refused(path, "is no JSON") from error
    if not isinstance(found, dict):
        raise _refused(path, "holds no settings")
    return found


def checked(path: Path, model: type[_Config], config: Mapping[str, Any]) -> _Config:
    """The settings of that config.

    Raises:
        ModelRefusedError: one is missing or impossible; the text names it.
    """
    try:
        return model.model_validate(dict(config))
    except ValidationError as error:
        raise _refused(path, _told(error)) from error


def shapes_of(folder: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights that a library reads from a part's folder.

    Raises:
        ModelRefusedError: there are none, or one of their files is broken.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for file in weight_files(folder):
        check_file(file)
        shapes |= read_header(file).shapes
    if not shapes:
        message = f"{folder.name} holds no weights as {_SAFETENSORS}; copy the model again"
        raise ModelRefusedError(message)
    return shapes


def weight_files(folder: Path) -> list[Path]:
    """The weights' files that are read: those of a variant (….fp16.…) only where no others are."""
    named = [file for file in _files(folder) if file.name.startswith(_WEIGHTS)]
    plain = [file for file in named if file.name.count(".") == 1]
    return plain or named


def variant_of(folder: Path) -> str | None:
    """The variant to ask for when weights are there under its name only (….fp16.…)."""
    names = [file.name for file in weight_files(folder)]
    variants = {name.split(".")[1].partition("-")[0] for name in names if name.count(".") > 1}
    return variants.pop() if len(variants) == 1 else None


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(file for file in folder.iterdir() if file.suffix == _SAFETENSORS)


def _same(what: str, shapes: Shapes, weight: str, wanted: tuple[int, ...]) -> None:
    """Raise ValueError where that weight is there, and of another size."""
    for name in (weight, f"text_model.{weight}"):
        if name in shapes and shapes[name][: len(wanted)] != wanted:
            size, held = (" x ".join(map(str, one)) for one in (wanted, shapes[name]))
            message = f"{what} of {size}, where {name} has {held}"
            raise ValueError(message)


def _as_many(what: str, shapes: Shapes, start: str, wanted: int) -> None:
    """Raise ValueError where the numbers that follow `start` in names are another count."""
    numbers = {name[len(start) :].split(".")[0] for name in shapes if name.startswith(start)}
    if numbers and len(numbers) != wanted:
        message = f"{what} = {wanted}, where the weights have {len(numbers)}"
        raise ValueError(message)


def _told(error: ValidationError) -> str:
    fault = error.errors()[0]
    # After its name come places in lists, and pydantic's own words for the kinds it tried.
    name = ".".join(
        str(part) for number, part in enumerate(fault["loc"]) if not number or isinstance(part, int)
    )
    if fault["type"] == "missing":
        return f"does not say {name}: part of it is gone"
    said = str(fault["msg"]).removeprefix("Value error, ")
    given = str(fault["input"])[:60]
    return f"says {name} = {given}: {said}" if name else f"cannot be: {said}"


def _refused(path: Path, reason: str) -> ModelRefusedError:
    return ModelRefusedError(f"{path.parent.name}/{path.name} {reason}; copy the model again")
