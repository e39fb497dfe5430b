"""What a checkpoint's folder must hold is checked: no part of it is replaced by a default."""

import json
import os
import shutil
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.listing.info import ModelInfo
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from tests.examples import examples


@pytest.fixture
def folder(tiny_models, tmp_path):
    """A copy of the tiny checkpoint's folder."""
    target = tmp_path / "models" / "checkpoints" / "mine"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", target)
    return target


def load(folder):
    info = ModelRegistry(folder.parents[1]).find(folder.name, "checkpoint")
    return load_checkpoint(info, "cpu")


def changed(path, changes):
    """A JSON file with settings changed, or taken out where they are None."""
    config = json.loads(path.read_text()) | changes
    gone = [name for name, value in changes.items() if value is GONE]
    path.write_text(json.dumps({name: one for name, one in config.items() if name not in gone}))


GONE = object()


def test_any_file_that_is_gone_empty_or_cut_is_a_named_refusal(tiny_models, tmp_path):
    good = tiny_models / "checkpoints" / "paperdoll"
    files = [path for path in sorted(good.rglob("*")) if path.is_file()]
    assert len(files) >= 9
    for number, file in enumerate(files):
        content = file.read_bytes()
        ways = {"gone": None, "empty": b"", "braces": b"{}", "half": content[: len(content) // 2]}
        for way, left in ways.items():
            folder = tmp_path / f"{number}-{way}" / "checkpoints" / "mine"
            shutil.copytree(good, folder, copy_function=os.link)
            damaged = folder / file.relative_to(good)
            damaged.unlink()
            if left is not None:
                damaged.write_bytes(left)
            with pytest.raises((ModelRefusedError, ModelNotFoundError)) as fault:
                load(folder)
            assert "cannot be loaded: None" not in str(fault.value), (file, way)


@pytest.mark.parametrize("part", ["scheduler", "text_encoder", "tokenizer", "unet", "vae"])
def test_a_part_that_is_gone_is_named(folder, part):
    shutil.rmtree(folder / part)
    with pytest.raises(ModelRefusedError, match=f"{part}|family unknown"):
        load(folder)


@pytest.mark.parametrize(
    ("file", "changes", "says"),
    [
        # Gone: a default would draw another picture.
        ("scheduler/scheduler_config.json", {"beta_schedule": GONE}, "beta_schedule must be there"),
        ("scheduler/scheduler_config.json", {"prediction_type": GONE}, "prediction_type must be"),
        ("scheduler/scheduler_config.json", {"trained_betas": [0.1]}, "trained_betas must be as"),
        ("scheduler/scheduler_config.json", {"num_train_timesteps": 10}, "num_train_timesteps"),
        ("vae/config.json", {"scaling_factor": GONE}, "scaling_factor must be there"),
        ("vae/config.json", {"act_fn": GONE}, "does not say act_fn"),
        ("unet/config.json", {"freq_shift": GONE}, "does not say freq_shift"),
        ("text_encoder/config.json", {"hidden_act": GONE}, "does not say hidden_act"),
        ("tokenizer/tokenizer_config.json", {"pad_token": GONE}, "does not say pad_token"),
        ("model_index.json", {"scheduler": GONE}, "names no scheduler"),
        ("model_index.json", {"tokenizer": [None, None]}, "names one of text_encoder and token"),
        # Impossible, or of another size than the weights.
        ("unet/config.json", {"norm_num_groups": 0}, "norm_num_groups = 0"),
        ("unet/config.json", {"norm_num_groups": 7}, "7 does not divide 32"),
        ("unet/config.json", {"attention_head_dim": 0}, "attention_head_dim"),
        ("unet/config.json", {"layers_per_block": 1_000_000}, "layers_per_block = 1000000"),
        ("unet/config.json", {"block_out_channels": "many"}, "block_out_channels = many"),
        ("unet/config.json", {"block_out_channels": [32, [32], 32]}, r"block_out_channels\.1"),
        ("unet/config.json", {"in_channels": "4"}, "reads|in_channels|something else"),
        ("unet/config.json", {"block_out_channels": [64, 32, 32]}, "conv_in.weight has 32 x 4"),
        (
            "unet/config.json",
            {"layers_per_block": 200},
            "layers_per_block = 200, where the weights",
        ),
        ("vae/config.json", {"layers_per_block": 10**9}, "layers_per_block"),
        ("vae/config.json", {"layers_per_block": 200}, "layers_per_block = 200, where"),
        ("text_encoder/config.json", {"num_hidden_layers": 200}, "num_hidden_layers = 200, where"),
        ("vae/config.json", {"scaling_factor": 0}, "scaling_factor = 0"),
        ("vae/config.json", {"scaling_factor": "big"}, "scaling_factor = big"),
        ("text_encoder/config.json", {"intermediate_size": 90_000}, "intermediate_size of 90000"),
        ("text_encoder/config.json", {"num_attention_heads": 0}, "num_attention_heads = 0"),
        ("text_encoder/config.json", {"num_attention_heads": 5}, "5 does not divide"),
        ("text_encoder/config.json", {"num_hidden_layers": 10**6}, "num_hidden_layers = 1000000"),
        ("text_encoder/config.json", {"vocab_size": 10**6}, "the text encoder knows|vocab_size"),
        (
            "text_encoder/config.json",
            {"max_position_embeddings": 9},
            "max_position_embeddings of 9",
        ),
        ("scheduler/scheduler_config.json", {"num_train_timesteps": 10**12}, "num_train_timesteps"),
        ("scheduler/scheduler_config.json", {"beta_end": True}, "beta_end"),
        ("tokenizer/tokenizer_config.json", {"model_max_length": 10**30}, "model_max_length"),
        # Other classes.
        ("model_index.json", {"unet": ["diffusers", "FluxTransformer2DModel"]}, "makes unet a"),
        ("model_index.json", {"vae": ["diffusers", "AutoencoderKLWan"]}, "makes vae a diffusers"),
    ],
)
def test_a_config_that_says_less_or_the_impossible_is_refused(folder, file, changes, says):
    changed(folder / file, changes)
    with pytest.raises(ModelRefusedError, match=says):
        load(folder)


def test_an_adapters_config_beside_weights_is_refused(folder):
    for part in ("unet", "text_encoder"):
        path = folder / part / "adapter_config.json"
        path.write_text(json.dumps({"base_model_name_or_path": "someone/else"}))
        with pytest.raises(ModelRefusedError, match=f"{part}/adapter_config.json makes this an"):
            load(folder)
        path.unlink()
    assert load(folder).nbytes > 0


def test_words_that_are_gone_from_a_vocabulary_are_missed(folder):
    path = folder / "tokenizer" / "tokenizer.json"
    whole = json.loads(path.read_text())
    for change in (
        {"vocab": dict(list(whole["model"]["vocab"].items())[:300])},
        {"merges": []},
        {"vocab": {}, "merges": []},
    ):
        path.write_text(json.dumps(whole | {"model": whole["model"] | change}))
        with pytest.raises(ModelRefusedError, match=r"words for|the text encoder knows"):
            load(folder)


def test_weights_that_have_no_place_are_told(folder):
    import torch
    from safetensors.torch import load_file, save_file

    for part, name in (("unet", "diffusion_pytorch_model"), ("text_encoder", "model")):
        path = folder / part / f"{name}.safetensors"
        tensors = load_file(path)
        save_file({**tensors, "extra.weight": torch.zeros(2)}, path, {"format": "pt"})
        with pytest.raises(ModelRefusedError, match=rf"{part} holds weights .*extra\.weight"):
            load(folder)
        lost = min(tensors)
        save_file({key: one for key, one in tensors.items() if key != lost}, path, {"format": "pt"})
        with pytest.raises(ModelRefusedError, match=f"{part} lacks"):
            load(folder)
        save_file(tensors, path, {"format": "pt"})


def test_only_some_parts_may_be_in_half_precision(folder, tiny_models, checksum):
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".fp16.safetensors"))
    (whole,) = ModelRegistry(tiny_models).models("checkpoint")
    assert checksum(load(folder)) == checksum(load_checkpoint(whole, "cpu"))


def test_a_scheduler_of_older_days_brings_no_warning_into_a_cell(folder):
    changes = {"steps_offset": 0, "clip_sample": GONE}
    changed(folder / "scheduler" / "scheduler_config.json", changes)
    # Warnings are errors in these tests.
    assert load(folder).pipeline("text-to-image") is not None


def test_parts_that_nothing_here_asks_are_not_read(folder):
    checker = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    changed(folder / "model_index.json", {"safety_checker": checker})
    assert load(folder).components["safety_checker"] is None


@pytest.mark.parametrize("file", ["unet/config.json", "tokenizer/tokenizer.json", "unet/notes.txt"])
def test_what_is_no_regular_file_is_never_opened(folder, file):
    path = folder / file
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(ModelRefusedError, match=f"mine/{file} is not a regular file"):
        load(folder)
    path.unlink()
    path.symlink_to(path.name)
    with pytest.raises(
        ModelRefusedError, match=f"mine/{file} is a link that is broken or leads out"
    ):
        load(folder)
    info = ModelInfo("mine", "checkpoint", "paperdoll", "diffusers", folder, 0)
    with pytest.raises(ModelRefusedError, match=f"mine/{file} cannot be read"):
        load_checkpoint(info, "cpu")


def test_a_folder_deleted_while_it_loads_is_a_named_refusal(folder, monkeypatch):
    from medialab.files import diffusers_folders

    info = ModelRegistry(folder.parents[1]).find("mine", "checkpoint")
    read = diffusers_folders.load_network

    def delete_first(*arguments):
        shutil.rmtree(folder, ignore_errors=True)
        return read(*arguments)

    monkeypatch.setattr(diffusers_folders, "load_network", delete_first)
    with pytest.raises(ModelRefusedError, match="'mine' cannot be loaded"):
        load_checkpoint(info, "cpu")
    with pytest.raises(ModelRefusedError, match="is missing"):
        load_checkpoint(info, "cpu")
    with pytest.raises(ModelRefusedError, match="gone"):
        ModelRegistry(folder.parents[1]).load(info)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 70)
    | st.sampled_from(
        [10**9, 10**30, 1e-5, 0.5, -1.0, float("inf"), float("nan"), "", "silu", "x"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def configs(tiny_models, tmp_path_factory):
    """A folder to spoil, and each of its configs as it is whole."""
    folder = tmp_path_factory.mktemp("spoilt") / "checkpoints" / "mine"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
    names = [*sorted(folder.rglob("*config.json")), folder / "model_index.json"]
    return folder, {path: json.loads(path.read_text()) for path in names}


@pytest.mark.thorough
@settings(
    max_examples=examples(60),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_a_config_says_the_folder_is_opened_or_refused_by_name(configs, data):
    folder, whole = configs
    path = data.draw(st.sampled_from(sorted(whole)))
    name = data.draw(st.sampled_from(sorted(whole[path])))
    path.write_text(json.dumps(whole[path] | {name: data.draw(ANYTHING)}))
    try:
        with suppress(ModelRefusedError):
            assert load(folder).nbytes > 0
    finally:
        path.write_text(json.dumps(whole[path]))
