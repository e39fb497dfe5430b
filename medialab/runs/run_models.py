"""The models of one picture's run, as its plan saw them, while a stage uses them."""

from collections.abc import Callable, Sequence
from typing import Any

from medialab.config.resolved import ResolvedConfig
from medialab.errors import ModelRefusedError
from medialab.listing.snapshot import Snapshot
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.process.offloading import Way


class RunModels:
    """The models of one picture's run: found by content, loaded, and held for one stage.

    Args:
        config: the picture's own.
        registry: loads the models.
        listing: the models as the plan saw them.
        check: raises if the run was cancelled; called before each load.

    Attributes:
        offload: how the checkpoint's parts are kept.
    """

    def __init__(
        self,
        config: ResolvedConfig,
        registry: ModelRegistry,
        listing: Snapshot,
        check: Callable[[], None],
    ) -> None:
        self._config, self._registry = config, registry
        self._listing, self._check = listing, check
        self._held: list[Any] = []
        self._infos: dict[tuple[str, str], ModelInfo] = {}
        self.offload: Way = "none"

    def load(self, kind: str, name: str, like: Any = None, encoders: Sequence[str] = ()) -> Any:
        """Return a model, loaded, and hold it until `let_go`.

        Args:
            kind: of the model.
            name: its name.
            like: for a VAE, the one in whose place it is used.
            encoders: names of the text encoders of a checkpoint that lacks its own.

        Raises:
            CancelledError: the run was cancelled.
            ModelRefusedError: its file was replaced since the run was resolved.
        """
        self._check()
        info = self._listed(kind, name)
        # A checkpoint that takes over may have its own.
        parts = [self.find("text encoder", one) for one in encoders] if info.lacks_encoders else []
        # A checkpoint may replace models that are still loaded; models used with one may not.
        kept = () if kind == "checkpoint" else tuple(self._held)
        model = self._registry.load(
            info,
            kept=kept,
            like=like,
            encoders=parts,
            precision=self._config.dtype,
            weight_dtype=self._config.weight_dtype,
            offload=self.offload,
        )
        self._held.append(model)
        self.find(kind, name)
        return model

    def find(self, kind: str, name: str) -> ModelInfo:
        """Return the model with the hash that the run was resolved with.

        Raises:
            ModelRefusedError: its file was replaced since.
        """
        info = self._listed(kind, name)
        if self._registry.sha256(info) != self._config.sha256_of(kind, name):
            message = f"{info.path.name} was replaced while it was being loaded; run this again"
            raise ModelRefusedError(message)
        return info

    def release_others(self) -> None:
        """Release the models of the registry that are not held."""
        self._registry.release_others(self._held)

    def let_go(self) -> None:
        """Hold no model any more: the stage is done."""
        self._held.clear()

    def _listed(self, kind: str, name: str) -> ModelInfo:
        """Return the model as the run's plan saw it, or as it is now if that file is gone."""
        sha256 = self._config.sha256_of(kind, name)
        if (kind, name) not in self._infos:
            self._infos[kind, name] = self._listing.find_same(name, kind, sha256)
        if not self._infos[kind, name].path.exists():
            self._infos[kind, name] = self._registry.find_same(name, kind, sha256)
        return self._infos[kind, name]
