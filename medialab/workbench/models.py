"""The workbench's models: what there is, hashes, notes, changes, downloads."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.artifacts import ArtifactManager
from medialab.config.pipeline import PipelineConfig, as_request
from medialab.families import RUNNING
from medialab.files.digests import Digests
from medialab.listing.notes import Notes, note, notes_on
from medialab.listing.own_files import ModelBin, rename_model
from medialab.loading.by_content import by_hash, duplicates, hashes_of
from medialab.loading.default_checkpoint import DefaultCheckpoint
from medialab.loading.defaults import defaults_of
from medialab.loading.hashing import HashingJob
from medialab.loading.networks import CONFIGS
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.runs.missing import Missing, missing

if TYPE_CHECKING:
    from medialab.remote import RemoteSource
    from medialab.remote.download import Download
    from medialab.remote.downloads import Downloadable, Downloads


class OfModels:
    """Models: what there is, and what is known of them."""

    artifacts: ArtifactManager
    registry: ModelRegistry

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
        """Return the models in the models folders, refused ones too, with the reason.

        Args:
            kind: "checkpoint", "lora", "controlnet", "upscaler", "detector", "embedding", "vae" or
                "text encoder"; None for all.

        Raises:
            ModelNotFoundError: there is no such kind.
        """
        return self.registry.models(kind)

    @property
    def default_checkpoint(self) -> str:
        """The checkpoint that the studio begins with; "" for none. Set it to a checkpoint's name.

        Raises:
            ModelNotFoundError: set to the name of no checkpoint.
        """
        return DefaultCheckpoint(self.artifacts.folder).name

    @default_checkpoint.setter
    def default_checkpoint(self, name: str) -> None:
        if name:
            self.registry.find(name, "checkpoint")
        DefaultCheckpoint(self.artifacts.folder).choose(name)

    def rename_model(self, model: ModelInfo, name: str) -> Path:
        """Rename a model and the files beside it; saved pictures still find it, by its hash.

        Args:
            model: One of `models`, in the studio's own folder.
            name: Its new name, without folders and extension.

        Returns:
            Its new path.

        Raises:
            ModelMoveError: the name is not possible or taken, or the model cannot be renamed.
        """
        return rename_model(model, name, self.registry.hashes)

    @property
    def model_bin(self) -> ModelBin:
        """The bin of models: `put` one there, list `all`, `restore` it, or `empty` the bin."""
        return ModelBin(self.registry.folder, self.registry.hashes)

    def remote(self, name: str, **settings: Any) -> "RemoteSource":
        """Return a source of models that other people publish, such as "civitai".

        Nothing is sent until it is asked: `bench.remote("civitai").search("ink")`.

        Args:
            name: The source's name.
            settings: What the source's class takes, such as `base_url`.

        Raises:
            ConfigError: there is no such source.
        """
        from medialab.remote.sources import open_source

        return open_source(name, **settings)

    def notes(self, model: ModelInfo) -> Notes:
        """Return the notes beside a model: description, trained words, preferred weight …."""
        return notes_on(model)

    def note(self, model: ModelInfo, **changes: Any) -> Notes:
        """Write notes beside a model, where A1111 has them too, and return all notes then.

        Args:
            model: One of `models`, in the studio's own folder.
            changes: New values by the names in `medialab.listing.notes.FIELDS`, such as
                `trained_words=["ink"]` or `preferred_weight=0.7`; None removes one.

        Raises:
            NotesError: a value cannot be noted, or the note cannot be written; it is unchanged.
        """
        return note(model, changes)

    def hash_models(self) -> HashingJob:
        """Compute the hashes of all models that are not known yet, in the background.

        It waits while pictures are made, and a later call goes on with what is left. The same
        happens unasked if MEDIALAB_HASH_MODELS is set.

        Returns:
            The job, with `progress`, `wait` and `cancel`; one that runs already goes on.
        """
        return self.registry.hashing.start()

    def hashes(self, info: ModelInfo) -> Digests:
        """Return a model's hashes, and compute those that are missing.

        Raises:
            ModelRefusedError: its files cannot be read.
        """
        return hashes_of(self.registry, info)

    def by_hash(self, text: str, kind: str | None = None) -> list[ModelInfo]:
        """Return the models with a hash of any kind, among those that were computed before.

        Raises:
            ConfigError: it is not a hash.
        """
        return by_hash(self.registry, text, kind)

    def duplicates(self) -> list[tuple[ModelInfo, ...]]:
        """Return the groups of models with the same content; files of equal sizes may be read."""
        return duplicates(self.registry)

    def missing(self, config: PipelineConfig) -> Missing:
        """Return what a request needs that is not here, and where it usually comes from.

        Nothing is loaded, and no network is asked: `print` it, or go through it.

        Args:
            config: The request.
        """
        return missing(as_request(config), self.registry.snapshot())

    def download(
        self, what: "Downloadable", *, kind: str = "", preview: bool = False
    ) -> "Download":
        """Download a model into the models folder in the background; see `Downloads.start`.

        Args:
            what: A version, a file or a model of a source, or the address of a model's page.
            kind: The kind of model; by default what the source and the file's content say.
            preview: Whether to save an example picture beside the model.

        Returns:
            The download: `print` it for its progress, `result()` waits for the model's path.

        Raises:
            MediaLabError: it cannot be downloaded; nothing is queued.
        """
        return self.downloads.start(what, kind=kind, preview=preview)

    @cached_property
    def downloads(self) -> "Downloads":
        """All downloads of this workbench: two run at a time, the others wait."""
        from medialab.remote.downloads import Downloads

        return Downloads.into(self.registry)

    def tell_edition(self, model: ModelInfo, edition: str) -> ModelInfo:
        """Remember which edition a model is, such as "turbo" or "base", if its file does not tell.

        It is kept in the outputs folder, by the model's content; `defaults` follow it.

        Args:
            model: One of `models`; its `editions` are asked for if its `edition` is "".
            edition: One of its editions; "" to forget what was told.

        Returns:
            The model with its edition.

        Raises:
            ConfigError: it has no such edition.
        """
        return self.registry.editions.tell(model, edition)
