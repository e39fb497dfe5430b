"""Texts through a checkpoint's own text encoders, chunk by chunk."""

import math
import unicodedata
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from zict import LRU

from medialab.diffusion.encoding.chunks import Chunk, cut_into_chunks, inversions_in, room_of
from medialab.diffusion.encoding.conditioning import Conditioning, Moment, Track
from medialab.diffusion.encoding.inversions import load_inversion, put_in
from medialab.errors import ConfigError, NotFiniteError, shown
from medialab.files.hashes import Stamp
from medialab.process.retries import is_finite
from medialab.prompts import Fragment, ParsedPrompt, Sections, parse, weigh

if TYPE_CHECKING:
    import torch

    from medialab.diffusion.drawing import Drawing

# Some 400 texts of SD1.5's size, 100 of SDXL's.
REMEMBERED_BYTES = 64 * 2**20
# Of all texts of a run together: half a GB for SD1.5, over one for SDXL.
MOST_CHUNKS = 2000
# Of the standard deviation; paperdoll's mean is 0.006 of it, that of chance a hundred millionth.
LEAST_MEAN = 1e-4


class Encoded(NamedTuple):
    """One text: `embeds` (1, tokens, width), `pooled` (1, width), and what was counted."""

    embeds: "torch.Tensor"
    pooled: "torch.Tensor | None"
    tokens: int
    inversions: tuple[str, ...]


def encode(
    drawing: "Drawing",
    prompt: str,
    negative_prompt: str,
    *,
    steps: int = 1,
    emphasis: str = "original",
    clip_skip: int = 1,
    on_text: Callable[[int, int], None] | None = None,
) -> Conditioning:
    """Encode both prompts for so many steps, each distinct text once. Cost: 2 to 20 ms a chunk.

    `on_text(done, all)` is called between texts where they are more than a prompt and a negative
    one; it may raise to stop.

    Raises:
        ConfigError: more layers to skip than the encoder has, or more text than memory should be
            spent on.
        NotFiniteError: an encoder computed no numbers.
    """
    positive = parse(prompt, steps)
    negative = parse(negative_prompt, steps, composes=False)
    encoder = TextEncoder(drawing, emphasis, clip_skip)
    texts = dict.fromkeys((*positive.texts, *negative.texts))
    encoded: dict[str, Encoded] = {}
    length = 0
    for number, text in enumerate(texts):
        if number and len(texts) > 2 and on_text is not None:
            on_text(number, len(texts))
        encoded[text] = encoder.encode(text)
        length = max(length, encoded[text].embeds.shape[1])
        _check_room(len(texts), length // encoder.length)
    padded = {text: encoder.padded(one, length) for text, one in encoded.items()}
    nothing = negative.texts == ("",) and encoder.empty_is_zero
    return Conditioning(
        _tracks(positive, padded),
        _tracks(negative, {"": _zeros(padded[""])} if nothing else padded)[0],
        tokens=max(encoded[text].tokens for text in positive.texts),
        negative_tokens=max(encoded[text].tokens for text in negative.texts),
        chunks=length // encoder.length,
        inversions=tuple(dict.fromkeys(n for one in encoded.values() for n in one.inversions)),
    )


def _check_room(texts: int, chunks: int) -> None:
    """Refuse prompts that say so much, so differently, that they would fill the memory."""
    if texts > 1 and texts * chunks > MOST_CHUNKS:
        message = (
            f"the prompts become {texts} texts, by AND, [a|b] and [a:b:0.5], of {chunks} chunks: "
            f"over {MOST_CHUNKS:,} in all; shorten it, or use fewer changes"
        )
        raise ConfigError(message)


def count_tokens(drawing: "Drawing", prompt: str) -> tuple[int, int]:
    """How many tokens a prompt's longest text has, and for how many its chunks have room."""
    encoder = TextEncoder(drawing)
    texts = parse(prompt, 1).texts
    chunks = max((encoder.chunks(text)[0] for text in texts), key=_count)
    return _count(chunks), len(chunks) * (encoder.length - 2)


class TextEncoder:
    """A checkpoint's text encoders, set to one way of weighing and one layer."""

    def __init__(self, drawing: "Drawing", emphasis: str = "original", clip_skip: int = 1) -> None:
        self._drawing = drawing
        self._emphasis = emphasis
        self._clip_skip = clip_skip
        parts = drawing.components
        self._parts = [
            (parts[f"tokenizer{end}"], parts[f"text_encoder{end}"])
            for end in ("", "_2")
            if parts.get(f"text_encoder{end}") is not None
        ]
        # SDXL reads the layer before the last of both its encoders, whatever is skipped.
        self._is_sdxl = parts.get("text_encoder_2") is not None
        layers = self._parts[0][1].config.num_hidden_layers
        if clip_skip > layers and not self._is_sdxl:
            message = (
                f"clip_skip={clip_skip}: the text encoder of this checkpoint has {layers} layers; "
                f"choose 1 to {layers}"
            )
            raise ConfigError(message)

    @property
    def length(self) -> int:
        """Tokens of a chunk with its start and end."""
        return room_of(self._parts[0][0]) + 2

    @property
    def empty_is_zero(self) -> bool:
        """Whether the checkpoint was trained to read zeros where there is no negative prompt."""
        return self._drawing.checkpoint.forces_zeros_for_empty_prompt

    def encode(self, text: str) -> Encoded:
        """The text's numbers; remembered as long as the model is, up to REMEMBERED_BYTES."""
        import torch

        text = unicodedata.normalize("NFC", text)  # as CLIP's tokenizer, and as files are named
        paths = self._drawing.inversions
        named = inversions_in(text, list(paths))
        by_name = {name.lower(): path for name, path in paths.items()}
        files = tuple((name, by_name[name], Stamp.of(by_name[name].stat())) for name in named)
        # float32 for a while where the usual one gave NaN; CPU threads share sums among them.
        kind = str(self._drawing.dtype), torch.get_num_threads()
        key = (text, self._emphasis, self._clip_skip, files, self._drawing.in_texts, kind)
        if any(getattr(encoder, "peft_config", None) for _, encoder in self._parts):
            return self._encode(text)  # adapters change the outcome, and the key does not tell
        texts: LRU[Hashable, Encoded] = self._drawing.checkpoint.cached(
            "encoded texts", encoded_texts
        )
        encoded = texts.get(key)
        if encoded is None:
            texts[key] = encoded = self._encode(text)
        return encoded

    def padded(self, encoded: Encoded, length: int) -> Encoded:
        """The text followed by empty chunks, up to `length` tokens."""
        import torch

        missing = (length - encoded.embeds.shape[1]) // self.length
        if not missing:
            return encoded
        empty = [self.encode("").embeds] * missing
        return encoded._replace(embeds=torch.cat([encoded.embeds, *empty], dim=1))

    def chunks(self, text: str) -> list[list[Chunk]]:
        """The text's chunks for each encoder."""
        text = unicodedata.normalize("NFC", text)
        return self._chunks(text, self._inversions(text))

    def _chunks(
        self, text: str, inversions: "Mapping[str, list[torch.Tensor]]"
    ) -> list[list[Chunk]]:
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
        """Vectors of the inversions that the text names and that fit these encoders."""
        paths = {name.lower(): path for name, path in self._drawing.inversions.items()}
        widths = [encoder.get_input_embeddings().embedding_dim for _, encoder in self._parts]
        loaded = {
            name: load_inversion(name, paths[name], widths, self.length - 2)
            for name in inversions_in(text, list(paths))
        }
        return {name: vectors for name, vectors in loaded.items() if vectors is not None}

    def _encode(self, text: str) -> Encoded:
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
            joined = torch.cat(embeds, dim=-1)
        if not is_finite(joined):
            message = f"the text encoder produced NaN for {shown(text)}"
            raise NotFiniteError(message)
        return Encoded(joined, pooled, _count(by_part[0]), tuple(inversions))

    def _encode_chunk(
        self, chunk: Chunk, tokenizer: Any, encoder: Any
    ) -> "tuple[torch.Tensor, torch.Tensor | None]":
        import torch

        ids = [token.id for token in chunk]
        padding = [tokenizer.pad_token_id] * (room_of(tokenizer) - len(ids))
        full = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id, *padding]
        with put_in(encoder, chunk):
            found = encoder(
                torch.tensor([full], device=self._drawing.device), output_hidden_states=True
            )
        pooled = found[0] if found[0].ndim == 2 else None
        return self._weighed(self._layer(found, encoder), chunk), pooled

    def _layer(self, found: Any, encoder: Any) -> "torch.Tensor":
        """The hidden states that the denoiser reads."""
        states: torch.Tensor
        if self._is_sdxl:
            states = found.hidden_states[-2]
        elif self._clip_skip == 1:
            states = found.last_hidden_state
        else:
            # By name: in transformers 5 a CLIPTextModel has no `text_model` any more.
            (norm,) = (
                part for name, part in encoder.named_modules() if name.endswith("final_layer_norm")
            )
            states = norm(found.hidden_states[-self._clip_skip])
        return states

    def _weighed(self, states: "torch.Tensor", chunk: Chunk) -> "torch.Tensor":
        """The chunk (1, length, width) times its tokens' weights; "original" keeps the mean."""
        import torch

        weights = [token.weight for token in chunk]
        if self._emphasis not in {"original", "no norm"} or all(one == 1 for one in weights):
            return states
        if not all(map(math.isfinite, weights)):
            message = "nested brackets make a weight infinite; remove some of them"
            raise ConfigError(message)
        every = [1.0, *weights, *([1.0] * (states.shape[1] - len(weights) - 1))]
        weighed = states * torch.tensor(every, dtype=states.dtype, device=states.device)[:, None]
        before, after = states.mean(), weighed.mean()
        # A mean that is rounding alone says nothing; to restore it would blow up the rest.
        least = LEAST_MEAN * states.std()
        if self._emphasis == "no norm" or min(before.abs(), after.abs()) < least:
            return weighed
        return weighed * (before / after)


def encoded_texts() -> "LRU[Hashable, Encoded]":
    """Return an empty store of encoded texts, which holds REMEMBERED_BYTES at most."""
    return LRU(REMEMBERED_BYTES, {}, weight=lambda _key, encoded: _bytes_of(encoded))


def _bytes_of(encoded: Encoded) -> int:
    return sum(part.nbytes for part in (encoded.embeds, encoded.pooled) if part is not None)


def _count(chunks: list[Chunk]) -> int:
    return sum(map(len, chunks))


def _tracks(parsed: ParsedPrompt, encoded: Mapping[str, Encoded]) -> tuple[Track, ...]:
    return tuple(
        Track(
            tuple(
                Moment(phase.until, encoded[phase.text].embeds, encoded[phase.text].pooled)
                for phase in subprompt.phases
            ),
            subprompt.weight,
        )
        for subprompt in parsed.subprompts
    )


def _zeros(encoded: Encoded) -> Encoded:
    import torch

    pooled = None if encoded.pooled is None else torch.zeros_like(encoded.pooled)
    return encoded._replace(embeds=torch.zeros_like(encoded.embeds), pooled=pooled)
