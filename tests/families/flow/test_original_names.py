"""Flux.1 and Chroma in the names of their makers draw the bytes of their folders."""

import re

import diffusers
import pytest
import torch
from diffusers.loaders import single_file_utils

from medialab import PipelineConfig
from medialab.families.flow.original_names import as_in_diffusers
from medialab.loading.registry import ModelRegistry
from medialab.process.installation import configs_folder
from tests.tiny.checkpoints import workbench_of
from tests.tiny.flow_files import original_flux, write_flow_configs, write_flux_parts
from tests.tiny.t5_clip import make_chroma, make_flux, without_old_places

CLIP, T5 = 768, 4096  # the widths by which the encoders' files are told from others
pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")


def published(family, kind):
    """The published transformer's weights without their numbers."""
    config = getattr(diffusers, kind).load_config(configs_folder() / family / "transformer")
    with torch.device("meta"), without_old_places():
        return getattr(diffusers, kind).from_config(config).state_dict()


@pytest.mark.parametrize(
    ("family", "kind", "convert"),
    [
        ("flux", "FluxTransformer2DModel", "convert_flux_transformer"),
        (
            "chroma",
            "ChromaTransformer2DModel",
            "convert_chroma_transformer",
        ),
    ],
)
def test_the_published_layers_become_what_diffusers_makes_of_them(family, kind, convert):
    wanted = published(family, kind)
    original = original_flux(wanted)
    theirs = getattr(single_file_utils, f"{convert}_checkpoint_to_diffusers")(dict(original))
    ours = as_in_diffusers(dict(original))
    shapes = {name: value.shape for name, value in wanted.items()}
    assert {name: value.shape for name, value in theirs.items()} == shapes
    assert {name: value.shape for name, value in ours.items()} == shapes
    assert not any(re.search("img_|txt_|linear1|qkv|query|scale$", name) for name in ours)


@pytest.mark.parametrize("width", [32, 96])
def test_each_weight_is_where_it_was_before(width):
    torch.manual_seed(0)
    q, k, v = "attn.to_q", "attn.to_k", "attn.to_v"
    added = ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj")
    rows = {f"transformer_blocks.0.{one}": 1 for one in (q, k, v, *added)}
    rows |= {f"single_transformer_blocks.0.{one}": 1 for one in (q, k, v)}
    rows |= {"single_transformer_blocks.0.proj_mlp": 4, "norm_out.linear": 2}
    state = {f"{name}.weight": torch.randn(n * width, width) for name, n in rows.items()}
    found = as_in_diffusers(original_flux(state))
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], value) for name, value in state.items())


MAKERS = {
    "dev": lambda: make_flux(text_width=T5, pooled=CLIP),
    "schnell": lambda: make_flux(text_width=T5, pooled=CLIP, guidance_embeds=False),
    "chroma": lambda: make_chroma(T5),
}


def write(root, name, family):
    """Write a models folder with one of these as a folder, and in parts; and its configs."""
    pipeline = MAKERS[name]()
    pipeline.save_pretrained(root / "checkpoints" / f"{name}-folder")
    write_flux_parts(root, pipeline, name)
    t5 = "tokenizer_2" if family == "flux" else "tokenizer"
    tokenizers = {"tokenizer": "clip-tokenizer", t5: "t5-tokenizer"}
    # Configs are the family's: of schnell too they are those of dev.
    write_flow_configs(root / "configs" / family, MAKERS[name](), **tokenizers)
    transformer = root / "configs" / family / "transformer" / "config.json"
    transformer.write_text(transformer.read_text().replace('_embeds": false', '_embeds": true'))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "family", "variant"),
    [("dev", "flux", ""), ("schnell", "flux", "schnell"), ("chroma", "chroma", "")],
)
def test_a_denoiser_with_its_parts_draws_the_bytes_of_the_folder(tmp_path, name, family, variant):
    root = tmp_path / "models"
    write(root, name, family)
    info = ModelRegistry(root).find(name, "checkpoint")
    assert (info.family, info.variant, info.lacks_vae) == (family, variant, True)
    with workbench_of(root, tmp_path) as bench:
        drawn = [
            bench.execute(
                PipelineConfig(
                    checkpoint=one,
                    prompt="a red ball",
                    sampler="Euler",
                    guidance_scale=1.0,
                    steps=2,
                    width=64,
                    height=64,
                    seed=3,
                )
            )
            for one in (name, f"{name}-folder")
        ]
    assert drawn[0].image.tobytes() == drawn[1].image.tobytes()
    assert drawn[0].config.vae == "ae-tiny"
    assert "T5EncoderModel" in drawn[0].config.text_encoder
