"""The prompt encoder of UNets: CLIP text encoders, chunk by chunk.

A text is cut into chunks of as many tokens as the encoder reads (75 for CLIP, 38 for paperdoll).
Each is encoded between a start and an end token and multiplied by its weights; then they are
joined. One chunk without weights equals the result of diffusers' `encode_prompt` bit for bit.

Source: behaviour of AUTOMATIC1111 modules/sd_hijack_clip.py and modules/sd_emphasis.py; diffusers
`encode_prompt` of pipeline_stable_diffusion and pipeline_stable_diffusion_xl.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from medialab.errors import ConfigError
from medialab.families.brackets import check_finite
from medialab.families.texts import Encoded, Readable, Reading
from medialab.families.unet_clip.chunks import Chunk, cut_into_chunks, inversions_in, room_of
from medialab.families.unet_clip.inversions import load_inversion, put_in
from medialab.files.hashes import Stamp
from medialab.prompts import Fragment, Sections, weigh

if TYPE_CHECKING:
    import torch

# Names of the pipelines' inputs.
EMBEDS, POOLED = "prompt_embeds", "pooled_prompt_embeds"
# The least mean, in standard deviations, that weighting restores. Paperdoll's is 0.006; one of
# rounding errors alone is about 1e-8.
LEAST_MEAN = 1e-4


class ClipEncoder:
    """A checkpoint's CLIP text encoders with their settings.

    The result is the last layer's, or an earlier one's (`clip_skip`), after the final layer norm.

    Args:
        model: The checkpoint on loan.
        reading: The effect of brackets, and the layer.

    Raises:
        ConfigError: `clip_skip` exceeds the encoder's layers.
    """

    def __init__(self, model: Readable, reading: Reading) -> None:
        self._model = model
        self._emphasis, self._clip_skip = reading.emphasis, reading.clip_skip
        parts = model.components
        self._parts = [
            (parts[f"tokenizer{end}"], parts[f"text_encoder{end}"])
            for end in ("", "_2")
            if parts.get(f"text_encoder{end}") is not None
        ]
        self._check_layers()

    @property
    def _length(self) -> int:
        """The number of tokens of a chunk, with its start and end token."""
        return room_of(self._parts[0][0]) + 2

    def encode(self, text: str) -> Encoded:
        """Encode one text to embeddings (1, tokens, width) and pooled ones (1, width)."""
        import torch

        inversions = self._inversions(text)
        by_part = self._chunks(text, inversions)
        most = max(map(len, by_part))
        embeds, pooled = [], None
        with torch.inference_mode():
            for (tokenizer, encoder), chunks in zip(self._parts, by_part, strict=True):
                even = [*chunks, *([[]] * (most - len(chunks)))]
                done = [self._encode_chunk(chunk, tokenizer, encoder) for chunk in even]
                embeds.append(torch.cat([one for one, _ in done], dim=1))
                pooled = done[0][1] if pooled is None else pooled  # as in A1111: the first chunk's
            values = {EMBEDS: torch.cat(embeds, dim=-1)}
        if pooled is not None:
            values[POOLED] = pooled
        return Encoded(values, sum(map(len, by_part[0])), most, tuple(inversions))

    def key(self, text: str) -> Hashable | None:
        """Return the files of the textual inversions in use; None for encoders with adapters."""
        if any(getattr(encoder, "peft_config", None) for _, encoder in self._parts):
            return None
        paths = self._model.inversions
        by_name = {name.lower(): path for name, path in paths.items()}
        named = inversions_in(text, list(paths))
        return tuple((name, by_name[name], Stamp.of(by_name[name].stat())) for name in named)

    def evened(
        self, texts: Mapping[str, Encoded], encode: Callable[[str], Encoded]
    ) -> Mapping[str, Encoded]:
        """Return the texts padded with empty chunks to one length."""
        most = max(one.chunks for one in texts.values())
        return {text: self._padded(one, most, encode) for text, one in texts.items()}

    def as_nothing(self, empty: Encoded) -> Encoded:
        """Return zeros if the checkpoint's pipeline config asks for them, else the empty text."""
        import torch

        if not self._model.pipeline_config.get("force_zeros_for_empty_prompt", False):
            return empty
        zeros = {name: torch.zeros_like(value) for name, value in empty.values.items()}
        return empty._replace(values=zeros)

    def _padded(self, encoded: Encoded, chunks: int, encode: Callable[[str], Encoded]) -> Encoded:
        import torch

        missing = chunks - encoded.chunks
        if not missing:
            return encoded
        empty = [encode("").values[EMBEDS]] * missing
        longer = torch.cat([encoded.values[EMBEDS], *empty], dim=1)
        return encoded._replace(values={**encoded.values, EMBEDS: longer}, chunks=chunks)

    def _chunks(
        self, text: str, inversions: "Mapping[str, list[torch.Tensor]]"
    ) -> list[list[Chunk]]:
        """Cut the text for each encoder."""
        return [
            cut_into_chunks(
                self._sections(text),
                tokenizer,
                {name: vectors[number] for name, vectors in inversions.items()},
            )
            for number, (tokenizer, _) in enumerate(self._parts)
        ]

    def _sections(self, text: str) -> Sections:
        if self._emphasis == "none":
            return ((Fragment(text),),)
        return weigh(text)

    def _inversions(self, text: str) -> "dict[str, list[torch.Tensor]]":
        """Return the vectors of the textual inversions that the text names and that fit."""
        paths = {name.lower(): path for name, path in self._model.inversions.items()}
        widths = [encoder.get_input_embeddings().embedding_dim for _, encoder in self._parts]
        loaded = {
            name: load_inversion(name, paths[name], widths, self._length - 2)
            for name in inversions_in(text, list(paths))
        }
        return {name: vectors for name, vectors in loaded.items() if vectors is not None}

    def _encode_chunk(
        self, chunk: Chunk, tokenizer: Any, encoder: Any
    ) -> "tuple[torch.Tensor, torch.Tensor | None]":
        import torch

        ids = [token.id for token in chunk]
        padding = [tokenizer.pad_token_id] * (room_of(tokenizer) - len(ids))
        full = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id, *padding]
        with put_in(encoder, chunk):
            found = encoder(
                torch.tensor([full], device=self._model.device), output_hidden_states=True
            )
        pooled = found[0] if found[0].ndim == 2 else None
        return self._weighed(self._layer(found, encoder), chunk), pooled

    def _check_layers(self) -> None:
        """Refuse a `clip_skip` that exceeds the encoder's layers."""
        layers = self._parts[0][1].config.num_hidden_layers
        if self._clip_skip > layers:
            message = (
                f"clip_skip={self._clip_skip}: the text encoder of this checkpoint has {layers} "
                f"layers; choose 1 to {layers}"
            )
            raise ConfigError(message)

    def _layer(self, found: Any, encoder: Any) -> "torch.Tensor":
        """Return the hidden states (1, length, width) that the denoiser reads."""
        states: torch.Tensor
        if self._clip_skip == 1:
            states = found.last_hidden_state
        else:
            # Found by name, since in transformers 5 a CLIPTextModel has no `text_model`.
            (norm,) = (
                part for name, part in encoder.named_modules() if name.endswith("final_layer_norm")
            )
            states = norm(found.hidden_states[-self._clip_skip])
        return states

    def _weighed(self, states: "torch.Tensor", chunk: Chunk) -> "torch.Tensor":
        """Multiply a chunk (1, length, width) by its tokens' weights.

        The emphasis "original" then restores the mean.
        """
        import torch

        weights = [token.weight for token in chunk]
        if self._emphasis not in {"original", "no norm"} or all(one == 1 for one in weights):
            return states
        check_finite(weights)
        every = [1.0, *weights, *([1.0] * (states.shape[1] - len(weights) - 1))]
        weighed = states * torch.tensor(every, dtype=states.dtype, device=states.device)[:, None]
        before, after = states.mean(), weighed.mean()
        # Restoring a mean of rounding errors alone would make all values explode.
        least = LEAST_MEAN * states.std()
        if self._emphasis == "no norm" or min(before.abs(), after.abs()) < least:
            return weighed
        return weighed * (before / after)


class PenultimateClipEncoder(ClipEncoder):
    """CLIP text encoders whose result is always the layer before the last; ignores `clip_skip`."""

    def _check_layers(self) -> None:
        """Accept any `clip_skip`, which has no effect."""

    def _layer(self, found: Any, encoder: Any) -> "torch.Tensor":  # noqa: ARG002
        """Return the hidden states of the layer before the last."""
        states: torch.Tensor = found.hidden_states[-2]
        return states
