"""A checkpoint lent to one stage of one run, and what that stage draws with besides."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.lora import MERGED_FROM, Applied, RunLoRAs
from medialab.process.retries import RetryPolicy
from medialab.settings.loras import LoRAConfig

if TYPE_CHECKING:
    import torch

    from medialab.families.base import Family, Task
    from medialab.loading.checkpoint import LoadedCheckpoint
    from medialab.loading.vaes import LoadedVAE


class Drawing:
    """A loan: one checkpoint, and all that one stage of one run puts around it.

    The stage's VAE, LoRAs, textual inversions and retries live here and go with the stage; the
    checkpoint is shared between runs and knows nothing of them. `StageContext.opened` gives one;
    whoever has a checkpoint to himself makes his own of the checkpoint alone.

    Args:
        checkpoint: nobody else computes with it while the drawing lasts.
        vae: decodes in place of the checkpoint's own.
        inversions: files of the textual inversions that prompts may name.
        loras: those that `with_loras` may apply; without any, none is.
        retries: how failed work is retried; a policy of its own by default.
    """

    def __init__(
        self,
        checkpoint: "LoadedCheckpoint",
        *,
        vae: "LoadedVAE | None" = None,
        inversions: Mapping[str, Path] | None = None,
        loras: RunLoRAs | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.inversions: Mapping[str, Path] = inversions or {}
        self.retries = retries or RetryPolicy()
        self._chosen_vae = vae
        self._loras = loras
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
        """What the config of the checkpoint's pipeline says."""
        return self.checkpoint.pipeline_config

    @property
    def device(self) -> str:
        """The torch device that the checkpoint is on."""
        return self.checkpoint.device

    @property
    def dtype(self) -> "torch.dtype":
        """The dtype that the checkpoint computes in right now."""
        return self.checkpoint.dtype

    @property
    def denoiser(self) -> Any:
        """The network that predicts."""
        return self.checkpoint.denoiser

    @property
    def variant(self) -> str:
        """What the denoiser is made for, such as "inpaint"; "" is the usual."""
        return self.checkpoint.variant

    @property
    def native_size(self) -> int:
        """Pixels a side that the checkpoint was trained at."""
        return self.checkpoint.native_size

    @property
    def vae(self) -> Any:
        """The VAE in use: the chosen one, or the checkpoint's own.

        Raises:
            ModelRefusedError: the checkpoint has none of its own, and none was chosen.
        """
        return self.checkpoint.vae if self._chosen_vae is None else self._chosen_vae.network

    @property
    def vae_owner(self) -> "LoadedCheckpoint | LoadedVAE":
        """Where things that are made for the VAE are cached."""
        return self._chosen_vae or self.checkpoint

    @property
    def vae_overflows(self) -> bool:
        """Whether the VAE must not decode in float16, as its config and its pipeline say."""
        import torch

        vae = self.vae
        told = self.checkpoint.upcasts_vae and vae.config.force_upcast
        return bool(told and vae.dtype == torch.float16)

    @property
    def reduction(self) -> int:
        """Pixels a side that one of the latents stands for, by the VAE in use."""
        return self.checkpoint.reduction_of(self.vae)

    @property
    def block(self) -> int:
        """Pixels of which a drawn picture's sides are multiples."""
        latents = self.family.latents
        return self.reduction * latents.block // latents.reduction

    @property
    def in_texts(self) -> Hashable:
        """What of LoRAs the text encoders have right now; equal ones encode the same."""
        return self._in_texts

    def pipeline(self, task: "Task", controlnets: Sequence[Any] = ()) -> Any:
        """Return a new diffusers pipeline for the task, with the VAE in use.

        Raises:
            ModelRefusedError: as `LoadedCheckpoint.pipeline`.
        """
        vae = None if self._chosen_vae is None else self.vae
        return self.checkpoint.pipeline(task, controlnets, vae=vae)

    @contextmanager
    def with_loras(
        self,
        loras: Sequence[LoRAConfig],
        *,
        calls: int = MERGED_FROM,
        parts: Sequence[str] | None = None,
    ) -> Iterator[Applied]:
        """While it lasts, the checkpoint has these LoRAs; see `RunLoRAs.applied`.

        Raises:
            ModelRefusedError: one is made for another family; nothing was changed.
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
