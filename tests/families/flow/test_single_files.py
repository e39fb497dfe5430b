"""Z-Image from single files: whole, in parts, of few bits; what does not fit is refused by name.

The bytes are those of the same weights in a diffusers folder.
"""

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from medialab import PipelineConfig
from medialab.artifacts import Sidecar
from medialab.errors import ModelRefusedError
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from tests.tiny.checkpoints import under, workbench_of, write_checkpoint
from tests.tiny.flow_files import (
    QUALIFIED,
    original_parts,
    write_flow_configs,
    write_parts,
    write_whole,
)
from tests.tiny.scaled_files import with_scales
from tests.tiny.z_image import make_pipeline

WIDTH = 2560  # of Qwen3-4B, by which its files are told from those of other sizes
QUICK = {
    "prompt": "a red ball",
    "negative_prompt": "blue",
    "guidance_scale": 2.0,
    "sampler": "Euler",
    "steps": 2,
    "width": 64,
    "height": 64,
    "seed": 3,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A models folder with one tiny Z-Image as a folder, as one file, and in parts."""
    root = tmp_path_factory.mktemp("flow") / "models"
    pipeline = make_pipeline(WIDTH)
    pipeline.save_pretrained(root / "checkpoints" / "z-folder", safe_serialization=True)
    write_whole(root / "checkpoints" / "z-whole.safetensors", pipeline)
    write_parts(root, pipeline)
    write_flow_configs(root / "configs" / "z-image", pipeline, tokenizer="qwen3-tokenizer")
    return root


@pytest.fixture
def bench(files, tmp_path):
    with workbench_of(files, tmp_path) as workbench:
        yield workbench


def draw(bench, name, **settings):
    return bench.execute(PipelineConfig(checkpoint=name, **QUICK | settings))


def test_folder_whole_file_and_parts_draw_the_same_bytes(bench):
    folder, whole, parts = (draw(bench, name) for name in ("z-folder", "z-whole", "z-parts"))
    assert whole.image.tobytes() == folder.image.tobytes()
    assert parts.image.tobytes() == folder.image.tobytes()
    assert (whole.config.text_encoder, whole.config.vae) == ("", "")
    assert (parts.config.text_encoder, parts.config.vae) == ("qwen-tiny", "ae-tiny")
    for kind in ("text encoder/qwen-tiny", "vae/ae-tiny"):
        info = bench.registry.find(kind.split("/")[1], kind.split("/")[0])
        assert parts.config.models_sha256[kind] == bench.registry.sha256(info)


def test_a_picture_of_parts_is_cached_by_them_and_made_again_from_its_sidecar(bench, files):
    first = draw(bench, "z-parts", seed=4)
    again = draw(bench, "z-parts", seed=4)
    assert all(one["cached"] for one in again.record["stages"])
    config = Sidecar.read(first.artifact.sidecar).config
    bench.cache.clear()
    assert bench.execute(config).image.tobytes() == first.image.tobytes()


def test_another_text_encoder_draws_another_picture_and_its_name_is_in_the_record(files, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(files, root)
    tensors = load_file(root / "text_encoders" / "qwen-tiny.safetensors")
    name = "model.layers.0.mlp.down_proj.weight"
    save_file(tensors | {name: 3 * tensors[name]}, root / "text_encoders" / "other.safetensors")
    with workbench_of(root, tmp_path) as bench:
        one, two = (draw(bench, "z-parts", text_encoder=name) for name in ("qwen-tiny", "other"))
        assert one.image.tobytes() != two.image.tobytes()
        assert not any(stage["cached"] for stage in two.record["stages"])
        assert "text encoder/other" in Sidecar.read(two.artifact.sidecar).config.models_sha256


def find(root, name):
    return ModelRegistry(root).find(name, "checkpoint")


def opened(root, name):
    """The networks of a single file, with the text encoder that it may lack."""
    info = find(root, name)
    encoder = ModelRegistry(root).find("qwen-tiny", "text encoder")
    encoders = [encoder] if info.lacks_encoders else []
    return load_checkpoint(info, "cpu", root / "configs", encoders=encoders)


def rewritten(root, name, change, source="diffusion_models/z-parts"):
    """A copy of one of the single files with its tensors changed."""
    tensors = load_file(root / f"{source}.safetensors")
    change(tensors)
    save_file(tensors, root / "checkpoints" / f"{name}.safetensors")
    return name


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float8_e4m3fn"])
def test_weights_of_few_bits_become_numbers_to_compute_with(files, dtype):
    def shrink(tensors):
        for name, value in tensors.items():
            tensors[name] = value.to(getattr(torch, dtype))

    model = opened(files, rewritten(files, dtype, shrink))
    whole = make_pipeline(WIDTH).transformer.state_dict()
    for name, value in model.denoiser.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, whole[name].to(getattr(torch, dtype)).float()), name


def test_a_denoiser_in_the_names_of_diffusers_or_under_either_prefix_is_the_same(files):
    whole = make_pipeline(WIDTH).transformer.state_dict()

    def rename(tensors):
        tensors.clear()
        tensors |= {name: value.clone() for name, value in whole.items()}

    def qualify(prefix, tensors):
        for name in list(tensors):
            tensors[f"{prefix}{name}"] = tensors.pop(name)

    for name, change in (
        ("diffusers", rename),
        ("qualified", lambda tensors: qualify("model.diffusion_model.", tensors)),
        ("half-qualified", lambda tensors: qualify("diffusion_model.", tensors)),
    ):
        found = opened(files, rewritten(files, name, change)).denoiser.state_dict()
        assert found.keys() == whole.keys()
        assert all(torch.equal(found[one], whole[one]) for one in whole)


@pytest.mark.parametrize(
    ("name", "source", "change", "words"),
    [
        (
            "less",
            "diffusion_models/z-parts",
            lambda tensors: tensors.pop("layers.1.attention.qkv.weight"),
            "transformer lacks layers.1.attention.to_k.weight",
        ),
        (
            "more",
            "diffusion_models/z-parts",
            lambda tensors: tensors.update({"layers.1.extra.weight": torch.zeros(2)}),
            "transformer holds weights that have no place in it: layers.1.extra.weight",
        ),
        (
            "wider",
            "diffusion_models/z-parts",
            lambda tensors: tensors.update({"x_pad_token": torch.zeros(1, 8)}),
            "whose shape does not match its config: x_pad_token",
        ),
        (
            "wordless",
            "checkpoints/z-whole",
            lambda tensors: tensors.pop(
                "text_encoders.qwen3_4b.transformer.model.layers.1.mlp.up_proj.weight"
            ),
            "text_encoder lacks layers.1.mlp.up_proj.weight",
        ),
        (
            "blind",
            "checkpoints/z-whole",
            lambda tensors: tensors.pop("vae.decoder.conv_out.weight"),
            "vae lacks decoder.conv_out.weight",
        ),
    ],
)
def test_a_file_that_lacks_weights_or_holds_others_is_refused_by_their_names(
    files, name, source, change, words
):
    with pytest.raises(ModelRefusedError, match=words) as refused:
        opened(files, rewritten(files, name, change, source))
    assert f"checkpoint {name!r}" in str(refused.value)


def scaled_parts(change=lambda tensors: None):
    """A Z-Image's parts with scaled weights, and with the numbers that these stand for."""
    denoiser, encoder, vae = original_parts(make_pipeline(WIDTH))
    scaled, metadata, wide = with_scales(denoiser, "metadata")
    change(scaled)
    words, _, wide_words = with_scales(encoder)
    return (scaled, words, vae), (denoiser | wide, encoder | wide_words, vae), metadata


def whole(path, parts, metadata=None):
    denoiser, encoder, vae = parts
    write_checkpoint(
        path,
        under(QUALIFIED, denoiser),
        under("text_encoders.qwen3_4b.transformer", encoder),
        under("vae", vae),
        metadata=metadata,
    )


@pytest.fixture(scope="module")
def scaled_files(tmp_path_factory):
    """A models folder with a Z-Image of scaled weights, whole and in parts, and a wide one."""
    root = tmp_path_factory.mktemp("scaled") / "models"
    parts, wide, metadata = scaled_parts()
    whole(root / "checkpoints" / "scaled-whole.safetensors", parts, metadata)
    whole(root / "checkpoints" / "wide-whole.safetensors", wide)
    write_checkpoint(root / "diffusion_models" / "scaled.safetensors", parts[0], metadata=metadata)
    write_checkpoint(root / "text_encoders" / "scaled-words.safetensors", parts[1])
    write_checkpoint(root / "vae" / "ae-tiny.safetensors", parts[2])
    pipeline = make_pipeline(WIDTH)
    write_flow_configs(root / "configs" / "z-image", pipeline, tokenizer="qwen3-tokenizer")
    return root


@pytest.fixture
def scaled(scaled_files, tmp_path):
    with workbench_of(scaled_files, tmp_path) as workbench:
        yield workbench


def test_scaled_weights_draw_the_bytes_of_their_products_and_the_record_says_how(scaled):
    wide = draw(scaled, "wide-whole")
    one, two = (draw(scaled, name, precision="float32") for name in ("scaled-whole", "scaled"))
    assert one.image.tobytes() == wide.image.tobytes()
    assert two.image.tobytes() == wide.image.tobytes()
    for run in (one, two):
        applied = next(one["applied"] for one in run.record["stages"] if one["name"] == "txt2img")
        assert applied["weights"] == "fp8 e4m3 with scales, computed in float32"
    config = Sidecar.read(one.artifact.sidecar).config
    scaled.cache.clear()
    assert scaled.execute(config).image.tobytes() == one.image.tobytes()


def test_the_plan_of_scaled_weights_is_what_the_run_loads(scaled):
    for name in ("scaled-whole", "scaled"):
        config = PipelineConfig(checkpoint=name, precision="float32", **QUICK)
        planned = {one.stage: one.weights for one in scaled.memory_plan(config).stages}["txt2img"]
        scaled.registry.unload_all()
        scaled.execute(config, save=False)
        assert planned == pytest.approx(scaled.registry.nbytes, rel=0.002)


@pytest.mark.parametrize("weight_dtype", ["int8", "fp8_e4m3fn"])
def test_scaled_weights_are_stored_in_no_other_way(scaled, weight_dtype):
    with pytest.raises(ModelRefusedError, match=r"e4m3 with scales.*set weight_dtype to default"):
        draw(scaled, "scaled-whole", weight_dtype=weight_dtype)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one.pop("layers.0.attention.qkv.weight_scale"), "lacks the scale of layers.0"),
        (
            lambda one: one.update({"layers.0.attention.qkv.weight_scale": torch.ones(3)}),
            r"has a scale of F32 \[3\] \(layers.0.attention.qkv.weight_scale\)",
        ),
        (
            lambda one: one.update({"layers.0.attention.qkv.weight_scale_2": torch.ones(1)}),
            "quantised in a way that is not supported",
        ),
    ],
)
def test_scales_that_are_missing_or_do_not_fit_are_refused_by_the_listing(files, change, words):
    parts, _, metadata = scaled_parts(change)
    path = files / "diffusion_models" / "damaged.safetensors"
    write_checkpoint(path, parts[0], metadata=metadata)
    with pytest.raises(ModelRefusedError, match=words):
        find(files, "damaged")
    path.unlink()


def test_files_that_are_cut_pickles_or_links_elsewhere_are_named_and_hide_no_other(files, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(files, root)
    whole = (root / "text_encoders" / "qwen-tiny.safetensors").read_bytes()
    (root / "text_encoders" / "cut.safetensors").write_bytes(whole[:-8])
    (root / "text_encoders" / "old.bin").write_bytes(b"\x80\x04.")
    outside = tmp_path / "elsewhere.safetensors"
    outside.write_bytes(whole)
    (root / "text_encoders" / "linked.safetensors").symlink_to(outside)
    listed = {one.name: one.refused for one in ModelRegistry(root).models("text encoder")}
    assert listed.pop("qwen-tiny") is None
    assert "cut short" in listed["cut"]
    assert "leads out of the models folders" in listed["linked"]
    assert "pickle" in listed["old.bin"]
