"""The workbench's requests before they run: checked, completed, planned, changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from medialab.artifacts import ArtifactManager
from medialab.config.pipeline import PipelineConfig, as_request
from medialab.config.resolved import ResolvedConfig
from medialab.loading.registry import ModelRegistry
from medialab.runs.cache import Explanation
from medialab.runs.maker import Maker
from medialab.runs.memory_plan import MemoryPlan
from medialab.runs.resolver import Resolver
from medialab.runs.without_effect import without_effect
from medialab.stage import StageSize


class OfRequests:
    """Requests: what they mean and need, before any runs."""

    artifacts: ArtifactManager
    registry: ModelRegistry
    _maker: Maker
    _resolver: Resolver

    def check(self, config: PipelineConfig, *, save: bool = True) -> None:
        """Refuse a request that cannot be made, as `submit` does; nothing is loaded.

        Args:
            config: The request.
            save: Whether its pictures are to be saved.

        Raises: as `submit`.
        """
        if save:
            self.artifacts.check()
        self._resolver.check(as_request(config))

    def sizes(self, config: PipelineConfig) -> list[StageSize]:
        """Return the size of a request's picture after each stage that makes it, before any runs.

        Raises:
            ModelNotFoundError: no such checkpoint.
            ModelRefusedError: the size is the checkpoint's, and it does not say it.
        """
        return self._resolver.sizes(as_request(config))

    def changed(self, config: ResolvedConfig, changes: Mapping[str, Any]) -> PipelineConfig:
        """Return the config of a run's first picture with other settings.

        Args:
            config: The run's.
            changes: Settings as for `rerun`.

        Raises:
            ConfigError: a setting has a value that no picture can be made with.
        """
        return self._resolver.changed(config, changes)

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
        return self._resolver.memory_plan(as_request(config))

    def without_effect(self, config: PipelineConfig) -> list[str]:
        """Return a sentence for each setting that the request sets in vain, before it is made.

        Such as a negative prompt where no step compares with it. Nothing is loaded.
        """
        return without_effect(as_request(config), self.registry.snapshot())

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """Complete a request: draw its seed, set sizes, merge styles, and record models' hashes.

        Random choices in prompts are drawn too, except in a batch, where each picture draws its
        own. A config that is resolved already must still mean the same files.

        Raises:
            ConfigError: a setting has a value that no picture can be made with.
            ModelNotFoundError: no such checkpoint.
            ModelRefusedError: a model is a pickle, broken, or not the one of a resolved config.
        """
        return self._resolver.resolve(as_request(config))

    def alike(self, configs: Sequence[ResolvedConfig]) -> list[Any]:
        """Tell which pictures can be denoised at once, by the LoRAs and lengths of their prompts.

        Args:
            configs: Resolved requests of single pictures, which differ in seeds and prompts alone.

        Returns:
            A value for each; those with equal values can.
        """
        return self._resolver.alike(configs)
