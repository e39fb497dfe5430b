"""Tiny Flux.1, Chroma and SD3 of diffusers' own classes, their weights by chance."""

import warnings
from contextlib import contextmanager
from pathlib import Path

import diffusers
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer, T5Config, T5EncoderModel, T5Tokenizer

from tests.tiny import networks

TEXT_WIDTH, POOLED = 32, 24
_CLIP_TOKENIZER = Path(__file__).resolve().parents[2] / "models/checkpoints/paperdoll/tokenizer"
_HEADS, _HEAD = 2, 16
_MARKS = ("<pad>", "</s>", "<unk>")
_TRAINED_ON = (
    "a red ball",
    "a blue hat on a table",
    "a doll",
    "(red:1.3)",
    "a wet street at night",
)


def make_t5_tokenizer():
    """T5's tokenizer, of some sixty tokens."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=60,
        special_tokens=list(_MARKS),
        unk_token=_MARKS[2],
        initial_alphabet=list("abcdefghijklmnopqrstuvwxyz,()[]:.0123456789"),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TRAINED_ON, trainer)
    # The trainer's order differs from call to call; the scores that it learnt are not told.
    learnt = sorted(name for name in tokenizer.get_vocab() if name not in _MARKS)
    pieces = [(mark, 0.0) for mark in _MARKS]
    pieces += [(name, -10.0 + len(name)) for name in learnt]  # whole words score best
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=512)


def make_t5(tokenizer, width=TEXT_WIDTH):
    """A T5 of two layers."""
    return T5EncoderModel(
        T5Config(
            d_model=width,
            d_kv=16,
            d_ff=64,
            num_layers=2,
            num_heads=2,
            vocab_size=len(tokenizer),
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        )
    ).eval()


def clip_tokenizer():
    """The tokenizer of the paper doll, which is CLIP's at a tiny size."""
    return CLIPTokenizer.from_pretrained(_CLIP_TOKENIZER, local_files_only=True)


def make_clip(kind, width, tokenizer):
    """A CLIP text encoder that finds its end mark."""
    return networks.make_text_encoder(
        kind,
        width,
        tokenizer,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    ).eval()


def make_vae():
    """A VAE of 16 channels, as Flux.1's."""
    return networks.make_vae_of_four_levels(
        layers_per_block=1,
        latent_channels=16,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    ).eval()


def make_flux(*, kind="FluxPipeline", guidance_embeds=True, text_width=TEXT_WIDTH, pooled=POOLED):
    """A Flux.1: dev by default, schnell if it is told no guidance; the same weights each time."""
    torch.manual_seed(0)
    words, short = make_t5_tokenizer(), clip_tokenizer()
    return getattr(diffusers, kind)(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(
            shift=3.0 if guidance_embeds else 1.0, use_dynamic_shifting=guidance_embeds
        ),
        vae=make_vae(),
        text_encoder=make_clip("CLIPTextModel", pooled, short),
        tokenizer=short,
        text_encoder_2=make_t5(words, text_width),
        tokenizer_2=words,
        transformer=diffusers.FluxTransformer2DModel(
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=_HEAD,
            num_attention_heads=_HEADS,
            joint_attention_dim=text_width,
            pooled_projection_dim=pooled,
            guidance_embeds=guidance_embeds,
            axes_dims_rope=(4, 6, 6),
        ).eval(),
    )


def make_chroma(text_width=TEXT_WIDTH):
    """A Chroma; the same weights each time."""
    torch.manual_seed(0)
    words = make_t5_tokenizer()
    return diffusers.ChromaPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=1.0, use_beta_sigmas=False),
        vae=make_vae(),
        text_encoder=make_t5(words, text_width),
        tokenizer=words,
        transformer=_make_chroma_transformer(text_width),
    )


@contextmanager
def without_old_places():
    """Inside the `with` block, diffusers does not warn of its own imports from old places."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`FluxPosEmbed` is deprecated", FutureWarning)
        yield


def _make_chroma_transformer(text_width):
    with without_old_places():
        return diffusers.ChromaTransformer2DModel(
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=_HEAD,
            num_attention_heads=_HEADS,
            joint_attention_dim=text_width,
            axes_dims_rope=(4, 6, 6),
            approximator_num_channels=16,
            approximator_hidden_dim=32,
            approximator_layers=1,
        ).eval()


def make_sd3(*, with_t5=True, widths=(POOLED // 2, POOLED - POOLED // 2, TEXT_WIDTH), **settings):
    """An SD3, without T5 if asked; the same weights each time.

    Args:
        with_t5: Whether it has T5.
        widths: Those of both CLIPs and of T5.
        settings: Settings of the transformer in place of the tiny ones.
    """
    torch.manual_seed(0)
    words, short = make_t5_tokenizer() if with_t5 else None, clip_tokenizer()
    large, giant, text_width = widths
    return diffusers.StableDiffusion3Pipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=make_vae(),
        text_encoder=make_clip("CLIPTextModelWithProjection", large, short),
        tokenizer=short,
        text_encoder_2=make_clip("CLIPTextModelWithProjection", giant, short),
        tokenizer_2=short,
        text_encoder_3=make_t5(words, text_width) if words else None,
        tokenizer_3=words,
        transformer=diffusers.SD3Transformer2DModel(
            **{
                "sample_size": 128,
                "patch_size": 2,
                "in_channels": 16,
                "num_layers": 2,
                "attention_head_dim": _HEAD,
                "num_attention_heads": _HEADS,
                "joint_attention_dim": text_width,
                "caption_projection_dim": _HEADS * _HEAD,
                "pooled_projection_dim": large + giant,
                "out_channels": 16,
                "pos_embed_max_size": 96,
                **settings,
            }
        ).eval(),
    )
