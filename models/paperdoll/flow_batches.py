"""Z-Image's transformer on a batch of equal shapes, written for training on a CPU.

diffusers' own forward takes lists, and splits and joins them picture by picture. Here a batch is
one tensor, and there are few passes over it: on a CPU most of a step's time is spent in those, not
in the products of matrices. The result is that of the model's own forward up to rounding.

Source: diffusers, ZImageTransformer2DModel's `forward` and ZImageTransformerBlock.
"""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import ZImageTransformer2DModel

_PATCH = 2
MULTIPLE = 32  # captions are filled up to a multiple of these tokens


def predict(
    model: ZImageTransformer2DModel,
    latents: torch.Tensor,
    times: torch.Tensor,
    texts: torch.Tensor,
    filling: torch.Tensor,
) -> torch.Tensor:
    """Return what the model predicts: latents minus noise.

    Args:
        model: The transformer.
        latents: Noisy latents (n, channels, h, w) of h * w / 4 tokens, a multiple of 32.
        times: (n,) from 0, all noise, to 1, no noise.
        texts: Text embeddings (n, tokens, width), filled up at the end to a multiple of 32 tokens.
        filling: (n, tokens), true where a token only fills up.
    """
    count, _, height, width = latents.shape
    rows, columns = height // _PATCH, width // _PATCH
    length = texts.shape[1]
    picture, caption = _rotations(model, rows, columns, length)
    time = model.t_embedder(times * model.t_scale).to(texts.dtype)
    patches = latents.unflatten(3, (columns, _PATCH)).unflatten(2, (rows, _PATCH))
    patches = patches.permute(0, 2, 4, 3, 5, 1).reshape(count, rows * columns, -1)
    tokens = model.all_x_embedder[f"{_PATCH}-1"](patches)
    for layer in model.noise_refiner:
        tokens = _block(layer, tokens, picture, time)
    norm, embed = model.cap_embedder
    words = embed(_normed(texts, norm.weight, norm.eps))
    words = torch.where(filling[..., None], model.cap_pad_token.to(words.dtype), words)
    for layer in model.context_refiner:
        words = _block(layer, words, caption, None)
    both = torch.cat([tokens, words], 1)
    turns = tuple(torch.cat(pair) for pair in zip(picture, caption, strict=True))
    for layer in model.layers:
        both = _block(layer, both, turns, time)
    last = model.all_final_layer[f"{_PATCH}-1"]
    found = F.layer_norm(both[:, : rows * columns], (both.shape[-1],), eps=last.norm_final.eps)
    found = last.linear(found * (1 + last.adaLN_modulation(time))[:, None].to(found.dtype))
    found = found.reshape(count, rows, columns, _PATCH, _PATCH, -1)
    return found.permute(0, 5, 1, 3, 2, 4).reshape(latents.shape)


def _block(
    layer: Any,
    tokens: torch.Tensor,
    turns: tuple[torch.Tensor, ...],
    time: torch.Tensor | None,
) -> torch.Tensor:
    """Return the tokens after one transformer block; without a time it is not modulated."""
    scales: list[Any] = [1.0, 1.0, 1.0, 1.0]
    if time is not None:
        parts = layer.adaLN_modulation(time)[:, None].chunk(4, 2)
        scales = [1 + parts[0], parts[1].tanh(), 1 + parts[2], parts[3].tanh()]
    norms = (layer.attention_norm1, layer.attention_norm2, layer.ffn_norm1, layer.ffn_norm2)
    weights = [norm.weight * scale for norm, scale in zip(norms, scales, strict=True)]
    eps = norms[0].eps
    found = _attention(layer.attention, _normed(tokens, weights[0], eps), turns)
    tokens = tokens + _normed(found, weights[1], eps)
    feed = layer.feed_forward
    wide = F.linear(_normed(tokens, weights[2], eps), torch.cat([feed.w1.weight, feed.w3.weight]))
    gate, value = wide.chunk(2, -1)
    return tokens + _normed(feed.w2(F.silu(gate) * value), weights[3], eps)


def _attention(
    attention: Any, tokens: torch.Tensor, turns: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """Return self-attention, written out: the fused one's backward pass is slow on a CPU."""
    heads, (cosines, sines) = attention.heads, turns
    weight = torch.cat([attention.to_q.weight, attention.to_k.weight, attention.to_v.weight])
    joined = F.linear(tokens, weight).unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    width = joined.shape[-1]
    looked = torch.stack([attention.norm_q.weight, attention.norm_k.weight])
    pairs = _normed(joined[:2], looked[:, None, None, None], attention.norm_q.eps)
    turned = pairs * cosines.to(pairs.dtype) + (pairs @ _swap(width).to(pairs)) * sines.to(pairs)
    query, key = turned.flatten(1, 2).unbind()
    scores = torch.bmm(query * width**-0.5, key.transpose(1, 2)).softmax(-1)
    found = torch.bmm(scores.to(joined.dtype), joined[2].flatten(0, 1))
    found = found.unflatten(0, (-1, heads)).transpose(1, 2).flatten(2)
    result: torch.Tensor = attention.to_out[0](found)
    return result


def _rotations(
    model: ZImageTransformer2DModel, rows: int, columns: int, length: int
) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """Return cosines and sines (tokens, head width) of the picture's and the caption's places."""
    device = model.x_pad_token.device
    zeros = torch.zeros(length, dtype=torch.long)
    line = torch.stack([torch.arange(1, length + 1), zeros, zeros], 1)
    axes = (torch.tensor([length + 1]), torch.arange(rows), torch.arange(columns))
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    turns = [model.rope_embedder(places.to(device)) for places in (grid, line)]
    first, second = (
        (turn.real.repeat_interleave(2, -1), turn.imag.repeat_interleave(2, -1)) for turn in turns
    )
    return first, second


@lru_cache
def _swap(width: int) -> torch.Tensor:
    """Return the matrix that turns pairs (a, b) of a row into (-b, a)."""
    matrix = torch.zeros(width, width)
    even = torch.arange(0, width, 2)
    matrix[even + 1, even] = -1
    matrix[even, even + 1] = 1
    return matrix


def _normed(tokens: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Return tokens of a root mean square of 1 along the last axis, times the weight."""
    result: torch.Tensor = _RootMeanSquare.apply(tokens, weight.to(tokens.dtype), eps)
    return result


class _RootMeanSquare(torch.autograd.Function):
    """The norm with a backward pass of few operations.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization".
    """

    @staticmethod
    def forward(ctx: Any, tokens: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        length = torch.linalg.vector_norm(tokens, dim=-1, keepdim=True, dtype=torch.float32)
        inverse = torch.rsqrt(length.square() / tokens.shape[-1] + eps).to(tokens.dtype)
        even = tokens * inverse
        ctx.save_for_backward(even, inverse, weight)
        return even * weight

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        even, inverse, weight = ctx.saved_tensors
        (gradient,) = gradients
        raw = gradient * even
        of_weight = raw.sum_to_size(weight.shape)
        along = (raw * weight).mean(-1, keepdim=True)
        of_tokens = torch.addcmul(gradient * weight, even, along, value=-1).mul_(inverse)
        return of_tokens, of_weight, None


def fill_up(rows: list[list[int]], filling: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token numbers filled up to one length, and where they only fill up.

    Args:
        rows: Captions as token numbers, all within one multiple of 32.
        filling: The number to fill up with.
    """
    length = -(-max(map(len, rows)) // MULTIPLE) * MULTIPLE
    numbers = torch.full((len(rows), length), filling)
    for place, row in enumerate(rows):
        numbers[place, : len(row)] = torch.tensor(row)
    lengths = torch.tensor([len(row) for row in rows])
    return numbers, torch.arange(length)[None] >= lengths[:, None]
