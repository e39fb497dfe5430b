"""Of a repository's names, those that make one model's folder, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.remote.huggingface_folders import folder_files, is_inside, variants
from tests.remote.hub_server import diffusers_files

WHOLE = {
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/special_tokens_map.json",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
}


def test_a_diffusers_folder_is_its_index_and_the_parts_that_are_read():
    assert folder_files(diffusers_files()) == WHOLE


def test_a_variant_is_taken_where_a_part_has_it():
    names = {*diffusers_files(variants=("", "fp16"))} - {
        "vae/diffusion_pytorch_model.fp16.safetensors"
    }
    assert variants(names) == ["", "fp16"]
    assert folder_files(names) == WHOLE
    half = {one.replace("model.safe", "model.fp16.safe") for one in WHOLE if "vae/" not in one}
    assert folder_files(names, "fp16") == half | {one for one in WHOLE if "vae/" in one}


def test_a_part_that_has_a_variant_only_gives_that():
    names = diffusers_files(variants=("fp16",))
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in folder_files(names)


def test_pieces_are_taken_together_and_one_whole_file_before_them():
    pieces = {f"model-0000{one}-of-00002.safetensors" for one in (1, 2)}
    top = {"config.json", "model.safetensors.index.json", *pieces}
    assert folder_files(top) == top
    assert folder_files(top | {"model.safetensors"}) == {
        "config.json",
        "model.safetensors.index.json",
        "model.safetensors",
    }


def test_weights_as_pickles_only_make_no_folder_and_beside_safetensors_are_left_out():
    assert folder_files(diffusers_files(ending="bin")) == set()
    both = {**diffusers_files(), **diffusers_files(ending="bin")}
    assert folder_files(both) == WHOLE
    assert folder_files({"config.json", "pytorch_model.bin"}) == set()


def test_a_transformers_folder_is_its_top_without_what_no_library_reads():
    names = {
        *("config.json", "preprocessor_config.json", "vocab.txt", "model.safetensors"),
        *("README.md", "requirements.txt", "LICENSE.txt", "handler.py", "sub/config.json"),
        *("model.onnx", "tf_model.h5", "flax_model.msgpack", "pytorch_model.bin"),
    }
    assert folder_files(names) == {
        *("config.json", "preprocessor_config.json", "vocab.txt", "model.safetensors"),
    }


@pytest.mark.parametrize(
    "names", [(), {"ink.safetensors"}, {"config.json"}, {"a/model_index.json"}]
)
def test_a_repository_of_single_files_is_no_folder(names):
    assert folder_files(names) == set()


@given(st.sets(st.text("ab./-\\", max_size=9) | st.sampled_from([*diffusers_files()])))
def test_whatever_is_listed_only_safe_files_of_the_list_are_taken(names):
    taken = folder_files(names)
    assert taken <= names
    assert all(one.endswith((".safetensors", ".json", ".txt", ".model")) for one in taken)


@pytest.mark.parametrize("name", ["a.txt", "a/b.safetensors", "a b/ç.json", ".hidden"])
def test_a_usual_name_lies_inside(name):
    assert is_inside(name)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../a", "a/../../b", "a//b", "a\\..\\b", "a\n", "./a", "a" * 1001, "a/"],
)
def test_a_name_that_leads_elsewhere_does_not(name):
    assert not is_inside(name)
