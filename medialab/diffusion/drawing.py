"""A checkpoint on loan to one stage of one run, with that stage's VAE, LoRAs and retry policy."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.diffusion.control import Control, Models, prepare, with_networks
from medialab.families.texts import StoredTexts
from medialab.lora import MERGED_FROM, Applied, RunLoRAs
from medialab.process.retries import RetryPolicy
from medialab.settings.control_units import ControlUnit
from medialab.settings.loras import LoRAConfig

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.families.base import Family, Task
    from medialab.loading.checkpoint import LoadedCheckpoint
    from medialab.loading.vaes import LoadedVAE
    from medialab.pixels.geometry import Box, Placement


class Drawing:
    """A loan of one checkpoint, with all that one stage of one run adds to it.

    The stage's VAE, LoRAs, textual inversions, ControlNets and retry policy live here and end with
    the stage; the checkpoint is shared between runs and knows nothing of them.
    `StageContext.opened` returns one; code that owns a checkpoint alone can construct one from it.

    Args:
        checkpoint: The checkpoint, which nothing else computes with during the loan.
        vae: A VAE that replaces the checkpoint's own.
        inversions: Files of the textual inversions that prompts may name, by name.
        loras: The LoRAs that `with_loras` may apply; by default it applies none.
        models: Where ControlNets and their preprocessors' models come from; by default nowhere.
        retries: The retry policy; by default a new one.
        texts: Encoded texts of earlier runs; by default there are none.
        step_cache: The threshold of the step cache; 0 computes every step in full.
    """

    def __init__(
        self,
        checkpoint: "LoadedCheckpoint",
        *,
        vae: "LoadedVAE | None" = None,
        inversions: Mapping[str, Path] | None = None,
        loras: RunLoRAs | None = None,
        models: Models | None = None,
        retries: RetryPolicy | None = None,
        texts: StoredTexts | None = None,
        step_cache: float = 0.0,
    ) -> None:
        self.checkpoint = checkpoint
        self.inversions: Mapping[str, Path] = inversions or {}
        self.retries = retries or RetryPolicy()
        self.texts = texts
        self.step_cache = step_cache
        self._chosen_vae = vae
        self._loras = loras
        self._models = models
        self._in_texts: Hashable = ()

    @property
    def components(self) -> Mapping[str, Any]:
        """The checkpoint's networks, tokenizers and scheduler, as diffusers names them."""
        return self.checkpoint.components

    @property
    def family(self) -> "Family":
        """The checkpoint's family."""
        return self.checkpoint.family

    @property
    def pipeline_config(self) -> Mapping[str, Any]:
        """The config of the checkpoint's pipeline."""
        return self.checkpoint.pipeline_config

    @property
    def device(self) -> str:
        """The torch device that the checkpoint is on."""
        return self.checkpoint.device

    @property
    def dtype(self) -> "torch.dtype":
        """The dtype that the checkpoint computes in now; a retry may have raised it."""
        return self.checkpoint.dtype

    @property
    def denoiser(self) -> Any:
        """The denoising network."""
        return self.checkpoint.denoiser

    @property
    def variant(self) -> str:
        """The denoiser's variant, such as "inpaint"; "" is the usual one."""
        return self.checkpoint.variant

    @property
    def native_size(self) -> int:
        """The side in pixels that the checkpoint was trained at."""
        return self.checkpoint.native_size

    @property
    def vae(self) -> Any:
        """The VAE in use: the chosen one, or the checkpoint's own.

        Raises:
            ModelRefusedError: the checkpoint has no VAE of its own, and none was chosen.
        """
        return self.checkpoint.vae if self._chosen_vae is None else self._chosen_vae.network

    @property
    def vae_owner(self) -> "LoadedCheckpoint | LoadedVAE":
        """The loaded model that caches whatever is made for the VAE in use."""
        return self._chosen_vae or self.checkpoint

    @property
    def vae_overflows(self) -> bool:
        """Whether config and pipeline say that the VAE, now in float16, must decode in float32."""
        import torch

        vae = self.vae
        upcasts = self.checkpoint.upcasts_vae and vae.config.force_upcast
        return bool(upcasts and vae.dtype == torch.float16)

    @property
    def reduction(self) -> int:
        """How many pixels a side one latent stands for, with the VAE in use."""
        return self.checkpoint.reduction_of(self.vae)

    @property
    def block(self) -> int:
        """The number of pixels that a drawn picture's sides are multiples of."""
        latents = self.family.latents
        return self.reduction * latents.block // latents.reduction

    @property
    def in_texts(self) -> Hashable:
        """A key of the LoRAs in the text encoders now; with equal keys texts encode the same."""
        return self._in_texts

    def retrying(self, retries: RetryPolicy) -> "Drawing":
        """Return the same loan with another retry policy, for one picture of several."""
        own = copy(self)
        own.retries = retries
        return own

    def pipeline(self, task: "Task", controlnets: Sequence[Any] = ()) -> Any:
        """Return a new diffusers pipeline for the task, with the VAE in use.

        Raises:
            ModelRefusedError: as `LoadedCheckpoint.pipeline`.
        """
        vae = None if self._chosen_vae is None else self.vae
        return self.checkpoint.pipeline(task, controlnets, vae=vae)

    def controls(
        self,
        units: Sequence[ControlUnit],
        image: "Image.Image | None",
        size: tuple[int, int],
        journey: "Sequence[Placement]" = (),
        *,
        crop: "Box | None" = None,
    ) -> list[Control]:
        """Load the ControlNets of units and prepare their pictures; see `control.prepare`.

        Raises:
            ConfigError: a unit has no picture, and there is no current one either.
        """
        return prepare(units, image, size, self._lender, journey, crop=crop) if units else []

    def prepared_controls(
        self, units: Sequence[ControlUnit], shown: "Sequence[Image.Image]"
    ) -> list[Control]:
        """Load the ControlNets of units whose pictures the Control stage has prepared."""
        return with_networks(units, shown, self._lender) if units else []

    @property
    def _lender(self) -> Models:
        if self._models is None:
            message = "this checkpoint was opened without a context to load ControlNets from"
            raise TypeError(message)
        return self._models

    @contextmanager
    def with_loras(
        self,
        loras: Sequence[LoRAConfig],
        *,
        calls: int = MERGED_FROM,
        parts: Sequence[str] | None = None,
    ) -> Iterator[Applied]:
        """Apply LoRAs to the checkpoint inside the `with` block; see `RunLoRAs.applied`.

        Args:
            loras: The LoRAs and their weights.
            calls: How often the denoiser will be called; many calls are worth merged weights.
            parts: The components to change; all by default.

        Raises:
            ModelRefusedError: a LoRA is made for another family; nothing was changed.
        """
        if self._loras is None or not loras:
            yield Applied()
            return
        with self._loras.applied(self.checkpoint, loras, calls=calls, parts=parts) as applied:
            self._in_texts = applied.in_texts
            try:
                yield applied
            finally:
                self._in_texts = ()
