"""Flux.1, Chroma and SD3 draw the bytes of diffusers' own pipelines, called by hand."""

import json
import shutil
from types import SimpleNamespace
from typing import NamedTuple

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Sidecar
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families import RUNNING
from medialab.families.texts import Reading
from medialab.loading import checkpoint
from medialab.loading.registry import ModelRegistry
from tests.records import applied
from tests.tiny import t5_clip


class Case(NamedTuple):
    """A tiny checkpoint: its family, its pipeline's class, and diffusers' name of our scale."""

    family: str
    kind: str
    scale: str = "guidance_scale"
    is_told: bool = False


CASES = {
    "sd3": Case("sd3", "StableDiffusion3Pipeline"),
    "sd3-without-t5": Case("sd3", "StableDiffusion3Pipeline"),
    "chroma": Case("chroma", "ChromaPipeline"),
    "dev": Case("flux", "FluxPipeline", "true_cfg_scale", is_told=True),
    "kontext": Case("flux", "FluxPipeline", "true_cfg_scale", is_told=True),
    "schnell": Case("flux", "FluxPipeline", "true_cfg_scale"),
}
each = pytest.mark.parametrize("name", [name for name in CASES if name != "kontext"])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("t5") / "models"
    makers = {
        "sd3": t5_clip.make_sd3,
        "sd3-without-t5": lambda: t5_clip.make_sd3(with_t5=False),
        "chroma": t5_clip.make_chroma,
        "dev": t5_clip.make_flux,
        "kontext": lambda: t5_clip.make_flux(kind="FluxKontextPipeline"),
        "schnell": lambda: t5_clip.make_flux(guidance_embeds=False),
    }
    for name, make in makers.items():
        make().save_pretrained(folder / "checkpoints" / name)
    return folder


@pytest.fixture(scope="module")
def bench(models, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    with Workbench(models=models, outputs=outputs, device="cpu") as workbench:
        yield workbench


def by_hand(models, name, prompt, *, kind=None, seed=3, steps=2, dtype=None, **settings):
    """Draw with diffusers' own pipeline."""
    kind = getattr(diffusers, kind or CASES[name].kind)
    absent = {"text_encoder_3": None, "tokenizer_3": None} if name == "sd3-without-t5" else {}
    with t5_clip.without_old_places():
        pipeline = kind.from_pretrained(
            models / "checkpoints" / name,
            dtype=dtype or torch.float32,
            local_files_only=True,
            **absent,
        )
    pipeline.set_progress_bar_config(disable=True)
    # As checkpoints are laid out on a CPU: it is faster, and rounds otherwise.
    pipeline.vae.to(memory_format=torch.channels_last)
    pipeline.transformer.to(memory_format=torch.channels_last)
    size = {"width": 64, "height": 64}
    return pipeline(
        prompt=prompt,
        num_inference_steps=steps,
        generator=torch.Generator("cpu").manual_seed(seed),
        **size | settings,
    ).images[0]


def quick(name, **settings):
    usual = {"prompt": "a red ball", "sampler": "Euler", "steps": 2, "width": 64, "height": 64}
    return PipelineConfig(**usual | {"checkpoint": name, "seed": 3, "guidance_scale": 1} | settings)


@pytest.mark.thorough
@each
def test_without_guidance_it_draws_the_bytes_of_diffusers(bench, models, name):
    case = CASES[name]
    run = bench.execute(quick(name, width=96, distilled_guidance_scale=2.5))
    told = {case.scale: 1.0} | ({"guidance_scale": 2.5} if case.is_told else {})
    expected = by_hand(models, name, "a red ball", width=96, **told)
    assert run.image.tobytes() == expected.tobytes()
    assert applied(run).get("distilled_guidance_scale") == (2.5 if case.is_told else None)
    assert "notes" not in applied(run)


@each
def test_with_guidance_it_compares_with_the_negative_prompt_as_diffusers(bench, models, name):
    case = CASES[name]
    run = bench.execute(quick(name, guidance_scale=4.0, negative_prompt="blue"))
    expected = by_hand(models, name, "a red ball", negative_prompt="blue", **{case.scale: 4.0})
    assert run.image.tobytes() == expected.tobytes()
    empty = bench.execute(quick(name, guidance_scale=4.0))
    expected = by_hand(models, name, "a red ball", negative_prompt="", **{case.scale: 4.0})
    assert empty.image.tobytes() == expected.tobytes() != run.image.tobytes()


@pytest.mark.parametrize("name", ["sd3", "chroma", "dev"])
def test_in_half_precision_too(models, tmp_path, monkeypatch, name):
    monkeypatch.setattr(checkpoint, "pick_dtype", lambda *_: torch.bfloat16)
    case = CASES[name]
    expected = by_hand(
        models, name, "a red ball", dtype=torch.bfloat16, negative_prompt="blue", **{case.scale: 3}
    )
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as own:
        run = own.execute(quick(name, guidance_scale=3, negative_prompt="blue"))
    assert run.image.tobytes() == expected.tobytes()


@each
def test_a_picture_is_made_again_from_its_own_sidecar(bench, models, tmp_path, name):
    first = bench.execute(quick(name, guidance_scale=3, distilled_guidance_scale=2))
    config = Sidecar.read(first.artifact.sidecar).config
    with Workbench(models=models, outputs=tmp_path / "others", device="cpu") as other:
        assert other.execute(config).image.tobytes() == first.image.tobytes()


@each
def test_a_long_prompt_is_cut_as_diffusers_cuts_it_and_that_is_told(bench, models, name):
    prompt = "a ball, a hat, " * 100
    run = bench.execute(quick(name, prompt=prompt))
    expected = by_hand(models, name, prompt, **{CASES[name].scale: 1.0})
    assert run.image.tobytes() == expected.tobytes()
    tokens, room = bench.count_tokens(prompt, name)
    told = applied(run, "prompt")
    if "without" in name:  # CLIP's tokens are counted as those of its chunks
        assert told["tokens"] == tokens
        assert [note.partition("tokens")[2] for note in told["notes"]] == [" CLIP reads 38"]
    else:
        assert told["tokens"] == tokens > room
        assert told["notes"][0] == f"of {tokens} tokens T5 reads {room}"


# Editing


def picture(width, height):
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_kontext_edits_a_picture_with_the_bytes_of_diffusers(bench, models, scale):
    image = picture(96, 64)
    edit = {"mode": "instruct", "image": bench.keep(image), "fit": "keep"}
    own = {"guidance_scale": scale, "negative_prompt": "blue" if scale > 1 else ""}
    config = quick("kontext", **edit, **own, width=96, distilled_guidance_scale=2.5)
    run = bench.execute(config)
    expected = by_hand(
        models,
        "kontext",
        "a red ball",
        kind="FluxKontextPipeline",
        image=image,
        width=96,
        height=64,
        max_area=96 * 64,
        _auto_resize=False,
        guidance_scale=2.5,
        true_cfg_scale=scale,
        negative_prompt=own["negative_prompt"],
    )
    assert run.image.tobytes() == expected.tobytes()
    other = quick("kontext", **edit | {"image": bench.keep(picture(64, 96)), "height": 96})
    assert bench.execute(other).image.size == (64, 96)


def test_kontext_draws_from_text_too_and_begins_with_its_own_guidance(bench, models):
    assert bench.defaults("kontext")["distilled_guidance_scale"] == 2.5
    run = bench.execute(quick("kontext"))
    expected = by_hand(models, "kontext", "a red ball", guidance_scale=3.5)
    assert run.image.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("name", "references", "says"),
    [
        ("schnell", 0, "not for editing"),
        ("chroma", 0, "not for editing"),
        ("kontext", 1, "1 are set"),
    ],
)
def test_what_does_not_edit_is_refused_by_name_before_it_is_loaded(
    models, tmp_path, name, references, says
):
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as own:
        kept = own.keep(picture(64, 64))
        edit = {"mode": "instruct", "image": kept, "instruct": {"references": [kept] * references}}
        with pytest.raises((ConfigError, ModelRefusedError), match=says):
            own.execute(quick(name, **edit))
        assert not own.registry.nbytes


# Prompts


def texts(bench, name, text, emphasis="original"):
    """Return a text's tensors."""
    model = bench.registry.load(bench.registry.find(name, "checkpoint"))
    drawing = SimpleNamespace(components=model.components, device="cpu")
    return RUNNING[CASES[name].family].encoder(drawing, Reading(emphasis)).encode(text).values


@each
def test_brackets_of_weight_1_change_no_bit(bench, name):
    plain, weighed = texts(bench, name, "a red ball"), texts(bench, name, "a (red:1.0) ball")
    for one, value in plain.items():
        assert torch.equal(value, weighed[one])


@each
def test_a_weight_moves_its_words_further_from_those_of_the_empty_text(bench, name):
    empty = texts(bench, name, "")["prompt_embeds"]
    distances = []
    for weight in (0.0, 0.5, 1.0, 1.5, 2.0):
        moved = texts(bench, name, f"a (red:{weight}) ball")["prompt_embeds"]
        distances.append(float((moved - empty).norm()))
        without = texts(bench, name, "a (red:0) ball")["prompt_embeds"]
        assert torch.equal(moved[:, 0], without[:, 0])  # the words outside stay
    assert distances == sorted(distances)
    assert len(set(distances)) == len(distances)


@each
def test_a_weight_changes_the_picture_the_more_the_further_it_is_from_1(bench, name):
    def drawn(prompt):
        return np.asarray(bench.execute(quick(name, prompt=prompt)).image).astype(int)

    plain = drawn("a red ball")
    assert (plain == drawn("a (red:1.0) ball")).all()
    changes = [np.abs(drawn(f"a (red:{w}) ball") - plain).sum() for w in (1.2, 2.0, 4.0)]
    assert 0 < changes[0] < changes[1] < changes[2]


@each
@pytest.mark.parametrize(
    ("emphasis", "read"), [("ignore", "a red ball"), ("none", "a (red:1.3) ball")]
)
def test_brackets_are_left_out_or_words_as_asked(bench, models, name, emphasis, read):
    run = bench.execute(quick(name, prompt="a (red:1.3) ball", emphasis=emphasis))
    assert run.image.tobytes() == by_hand(models, name, read, **{CASES[name].scale: 1}).tobytes()


@each
def test_clip_skip_has_no_effect_and_that_is_told(bench, name):
    run, plain = bench.execute(quick(name, clip_skip=2)), bench.execute(quick(name))
    assert run.image.tobytes() == plain.image.tobytes()
    (note,) = applied(run, "prompt")["notes"]
    assert note.startswith("clip_skip has no effect")


@pytest.mark.thorough
@each
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_prompt_that_changes_with_the_steps_is_the_first_one_first(bench, name, scale):
    def drawn(prompt):
        config = quick(name, prompt=prompt, steps=4, guidance_scale=scale, negative_prompt="blue")
        return bench.execute(config).image.tobytes()

    pictures = {text: drawn(text) for text in ("a red ball", "a hat", "[a red ball:a hat:2]")}
    assert len(set(pictures.values())) == 3
    assert drawn("[a red ball:a hat:9]") == pictures["a red ball"]
    assert drawn("[a red ball:a hat:0]") == pictures["a hat"]


@pytest.mark.thorough
@each
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_and_follows_the_weighted_sum_of_its_prompts(bench, name, scale):
    def drawn(prompt):
        run = bench.execute(quick(name, prompt=prompt, guidance_scale=scale))
        return np.asarray(run.image).astype(int)

    once, twice = drawn("a red ball"), drawn("a red ball :0.5 AND a red ball :0.5")
    assert np.abs(once - twice).max() <= 2
    both = drawn("a red ball :1 AND a hat :3")
    assert np.abs(both - drawn("a hat :3 AND a red ball :1")).max() <= 2
    assert np.abs(both - once).max() > 2


@pytest.mark.parametrize(("first", "second"), [("dev", "schnell"), ("schnell", "dev")])
def test_a_second_checkpoint_takes_over_and_is_told_its_own_guidance(bench, first, second):
    whole = quick(first, steps=4)
    plain = bench.execute(whole, save=False).image.tobytes()
    drawn = {}
    for told in (1.5, 3.5):
        config = whole.changed(
            handover_checkpoint=second, switch_at=0.4, distilled_guidance_scale=told
        )
        run = bench.execute(config, save=False)
        assert applied(run)["handover"]["from_call"] is not None
        drawn[told] = run.image.tobytes()
    assert len({plain, *drawn.values()}) == 3


# Listing


def test_schnell_begins_with_its_own_settings_and_asks_for_no_edition(bench):
    dev, schnell = (bench.defaults(name) for name in ("dev", "schnell"))
    assert (dev["steps"], dev["guidance_scale"], dev["distilled_guidance_scale"]) == (28, 1, 3.5)
    assert (schnell["steps"], schnell["guidance_scale"]) == (4, 1)
    assert "distilled_guidance_scale" not in schnell
    info = {one.name: one for one in bench.models("checkpoint")}
    assert (info["schnell"].variant, info["schnell"].editions) == ("schnell", ())
    assert info["dev"].editions == ("dev", "krea", "kontext")


@pytest.mark.parametrize(
    ("name", "file", "changes", "says"),
    [
        ("dev", "transformer/config.json", {"num_layers": 9}, "num_layers = 9"),
        ("dev", "transformer/config.json", {"in_channels": 384}, "filling a masked part"),
        ("schnell", "transformer/config.json", {"guidance_embeds": True}, "guidance_embeds"),
        ("dev", "text_encoder_2/config.json", {"d_model": 9}, "d_model"),
        ("dev", "model_index.json", {"_class_name": "FluxControlPipeline"}, "control picture"),
        ("sd3", "transformer/config.json", {"pos_embed_max_size": 9}, "pos_embed_max_size"),
        ("sd3", "tokenizer_3/tokenizer.json", {"model": {"type": "BPE"}}, "no vocabulary of T5"),
        ("chroma", "tokenizer/tokenizer.json", {"model": {"type": "Unigram"}}, "has 0 words"),
        ("chroma", "scheduler/scheduler_config.json", {"shift": None}, "shift"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_in_the_listing(
    models, tmp_path, name, file, changes, says
):
    folder = tmp_path / "checkpoints" / name
    shutil.copytree(models / "checkpoints" / name, folder)
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    (info,) = ModelRegistry(tmp_path).models("checkpoint")
    assert says in info.refused


# Memory


@torch.inference_mode()
@each
def test_prompts_one_after_another_give_what_they_give_together(bench, name):
    network = bench.registry.load(bench.registry.find(name, "checkpoint")).denoiser
    config = network.config
    generator = torch.Generator().manual_seed(1)

    def some(*shape):
        return torch.randn(2, *shape, generator=generator)

    inputs = {"timestep": torch.tensor([0.3, 0.3]), "encoder_hidden_states": some(5, 32)}
    if name.startswith("sd3"):
        inputs |= {"hidden_states": some(16, 8, 8), "pooled_projections": some(24)}
    else:
        inputs |= {"hidden_states": some(4, 64), "img_ids": torch.zeros(4, 3)}
        inputs |= {"txt_ids": torch.zeros(5, 3)}
        if CASES[name].family == "flux":
            inputs |= {"pooled_projections": some(24)}
        if config.get("guidance_embeds"):
            inputs |= {"guidance": torch.tensor([3.5, 3.5])}
    together = network(**inputs, return_dict=False)[0]
    with RUNNING[CASES[name].family].denoiser.rows_apart(network):
        apart = network(**inputs, return_dict=False)[0]
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)
    assert "forward" not in vars(network)
