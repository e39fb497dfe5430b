"""A resolved request: every setting has a value. Only this form is run and saved."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medialab.config.pipeline import MOST_TOGETHER, PipelineConfig
from medialab.process.precisions import Precision
from medialab.prompts import WildcardFiles, expand, mentions
from medialab.settings.fields import LARGEST_SEED, Length
from medialab.settings.sampling import SamplingConfig, with_base

# Prefixes of the names of some kinds of models in models_sha256.
EMBEDDING, LORA, TEXT_ENCODER = "embedding/", "lora/", "text encoder/"


class Prompts(NamedTuple):
    """Prompt and negative prompt of one pass."""

    prompt: str
    negative_prompt: str


class Together(BaseModel):
    """How pictures share the denoiser's batch: how many it has, and the place of one, from 1.

    Of a whole batch it is the place of the first picture; the others follow, batch by batch.
    `groups` are then the pictures of each such batch, 1 for one that is drawn alone; without them,
    as many as there is room for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: int = Field(ge=2, le=MOST_TOGETHER)
    place: int = Field(1, ge=1, le=MOST_TOGETHER)
    groups: tuple[Annotated[int, Field(ge=1, le=MOST_TOGETHER)], ...] = ()

    @model_validator(mode="after")
    def _place_is_there(self) -> Self:
        if self.place > self.pictures:
            raise ValueError(f"place {self.place} of {self.pictures} pictures: there is none")
        return self

    def sizes(self, pictures: int) -> tuple[int, ...]:
        """Return how many pictures of a batch are drawn at once each time, in order."""
        if sum(self.groups) == pictures:
            return self.groups
        first = min(self.pictures - self.place + 1, pictures)
        full, rest = divmod(pictures - first, self.pictures)
        return (first, *[self.pictures] * full, *([rest] if rest else []))

    def grouped(self, kinds: Sequence[Any]) -> "Together":
        """Return the same for a batch in which only pictures of equal kinds are drawn at once.

        Args:
            kinds: A value for each picture, in order.
        """
        groups: list[list[Any]] = []
        for kind in kinds:
            room = self.pictures - (self.place - 1 if len(groups) == 1 else 0)
            if groups and groups[-1][0] == kind and len(groups[-1]) < room:
                groups[-1].append(kind)
            else:
                groups.append([kind])
        full, found = self.model_copy(update={"groups": ()}), tuple(map(len, groups))
        is_full = full.sizes(len(kinds)) == found
        return full if is_full else self.model_copy(update={"groups": found})


class ResolvedConfig(PipelineConfig):
    """A request with every value set: the seed drawn, the size chosen, models known by hash."""

    width: Length
    height: Length
    seed: int = Field(ge=0, le=LARGEST_SEED)
    checkpoint_sha256: str = Field(
        pattern="^(.{64})?$",
        description="What the checkpoint's files hold; empty: nothing is drawn with it.",
    )
    models_sha256: dict[str, str] = Field(
        default_factory=dict, description="What the other models' files hold, by kind/name."
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=512,
        description="Number of CPU threads; it affects the last bits of the result.",
    )

    dtype: Precision | None = Field(
        None, description="The precision that the models compute in; it affects the result."
    )
    together: Together | None = Field(
        None,
        description="With how many others it is denoised at once, and at which place; it affects "
        "the last bits of the result. None: alone.",
    )

    @property
    def prompts(self) -> dict[str, Prompts]:
        """The prompts of every pass that draws, by its stage, with inherited ones filled in.

        For a detailer they are those for all its detections; the record has those of each one.
        """
        base = Prompts(self.prompt, self.negative_prompt)
        found = {self.mode: base} if self.starts_from_noise else {}
        for name, part in self.drawing_parts().items():
            filled = part.filled(vars(self))
            texts = (filled.prompt or "", filled.negative_prompt or "")
            found[name] = Prompts(
                *(with_base(text, own) or own for text, own in zip(texts, base, strict=True))
            )
        return found

    def sha256_of(self, kind: str, name: str) -> str | None:
        """Return the sha256 that a model's files had on resolving; None for one not in use."""
        if (kind, name) == ("checkpoint", self.checkpoint):
            return self.checkpoint_sha256
        return self.models_sha256.get(f"{kind}/{name}")

    def asked(self) -> PipelineConfig:
        """Return the same settings without the hashes of models and what this machine chose."""
        ties = set(ResolvedConfig.model_fields) - set(PipelineConfig.model_fields)
        return PipelineConfig.parse(self.model_dump(exclude=ties))

    def singles(self, wildcards: Path | None = None) -> "list[ResolvedConfig]":
        """Return one config per picture of the batch; each makes its picture alone, byte for byte.

        Args:
            wildcards: The folder of wildcard files, which are drawn from each picture's own seed.

        Raises:
            ConfigError: a prompt names a wildcard that is missing.
        """
        # As in A1111: pictures of a variation share the seed and count the variation's up.
        counted = "variation_seed" if self.is_varied else "seed"
        first = getattr(self, counted)
        files = WildcardFiles(wildcards)  # read once for all
        found = [
            self.model_copy(
                update={counted: (first + k) % (LARGEST_SEED + 1), "batch_size": 1}
            ).drawn(files)
            for k in range(self.batch_size)
        ]
        return found if self.together is None or self.batch_size == 1 else self._grouped(found)

    def _grouped(self, singles: "Sequence[ResolvedConfig]") -> "list[ResolvedConfig]":
        """Return the pictures with those that are denoised at once."""
        if self.together is None:
            return [*singles]
        found: list[ResolvedConfig] = []
        for size in self.together.sizes(len(singles)):
            for place, one in enumerate(singles[len(found) : len(found) + size], start=1):
                own = None if size == 1 else Together(pictures=size, place=place)
                found.append(one.model_copy(update={"together": own}))
        return found

    def drawn(self, wildcards: Path | WildcardFiles | None) -> "ResolvedConfig":
        """Return the config with all wildcards drawn, and only the hashes of models in use."""
        found: dict[str, dict[str, str]] = {}
        for stage, name, text in self._texts():
            found.setdefault(stage, {})[name] = expand(text, self.seed, wildcards)
        stages = {
            stage: getattr(self, stage).model_copy(update=texts)
            for stage, texts in found.items()
            if stage
        }
        for name, part in self:
            if isinstance(part, SamplingConfig) and self.runs(name):
                own = stages.get(name, part)
                drawn_part = own.drawn(partial(expand, seed=self.seed, wildcards=wildcards))
                if drawn_part is not own:
                    stages[name] = drawn_part
        drawn = self.model_copy(update={**found[""], **stages})
        return drawn.model_copy(
            update={
                "models_sha256": {
                    name: sha256 for name, sha256 in self.models_sha256.items() if drawn.uses(name)
                }
            }
        )

    def uses(self, name: str) -> bool:
        """Return whether a model of `models_sha256`, named kind/name, is in use."""
        if name.startswith(EMBEDDING):
            return any(mentions(name.removeprefix(EMBEDDING), text) for text in self.texts())
        return not name.startswith(LORA) or name.removeprefix(LORA) in self.lora_names()

    def loras_used(self) -> list[str]:
        """Return the names of the LoRAs whose hashes it holds."""
        return [name.removeprefix(LORA) for name in self.models_sha256 if name.startswith(LORA)]

    def embeddings(self) -> list[str]:
        """Return the names of the textual inversions whose hashes it holds."""
        return [
            name.removeprefix(EMBEDDING)
            for name in self.models_sha256
            if name.startswith(EMBEDDING)
        ]
