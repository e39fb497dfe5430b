"""Textual inversions of every trainer are used by their names, or listed with what keeps them."""

import shutil
from contextlib import suppress

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.errors import MediaLabError
from medialab.families.kinds import classify
from medialab.families.token_vectors import layout_of
from medialab.families.unet_clip.inversions import load_inversion
from medialab.files.headers import Header
from tests.examples import examples

WIDTH = 32  # the tiny checkpoint's


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        ({"emb_params": (4, 768)}, "sd15"),
        ({"emb_params": (1024,)}, "sd2"),
        ({"string_to_param.*": (4, 768), "string_to_token.*": (1,)}, "sd15"),
        ({"*": (4, 768)}, "sd15"),
        ({"<zelda-toy>": (768,)}, "sd15"),
        ({"<zelda-toy>": (1, 1024)}, "sd2"),
        ({"<cat>": (768,), "<cat>_1": (768,), "<cat>_2": (768,)}, "sd15"),
        ({"sks": (2, 768)}, "sd15"),
        ({"text_encoders_0": (2, 768)}, "sd15"),
        ({"text_encoders_0": (2, 768), "text_encoders_1": (2, 1280)}, "sdxl"),
        ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "sdxl"),
        ({"clip_l": (2, 768), "clip_g": (2, 1024)}, "unknown"),
    ],
)
def test_each_trainers_file_is_told_with_its_family(shapes, family):
    assert classify(Header(shapes, {}))[:2] == ("embedding", family)


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"emb_params": ()},
        {"emb_params": (0, 768)},
        {"emb_params": (2, 2, 768)},
        {"emb_params": (4000, 768)},
        {"clip_g": (2, 1280)},
        {"clip_l": (2, 768), "clip_g": (2, 1280), "t5xxl": (2, 4096)},
        {"clip_l": (2, 768), "t5": (2, 4096)},
        {"cat": (1, 768), "dog": (1, 768)},
        {"model.weight": (4, 768)},
        {"x": (4,)},
    ],
)
def test_what_holds_no_vectors_of_one_word_is_no_embedding(shapes):
    assert layout_of(shapes) is None


@pytest.fixture(scope="module")
def bench(tiny_models, tmp_path_factory):
    root = tmp_path_factory.mktemp("inversions")
    shutil.copytree(tiny_models, root / "models")
    folder = root / "models" / "embeddings"
    folder.mkdir()
    torch.manual_seed(0)
    vectors = torch.randn(2, WIDTH)
    files = {
        "a1111": {"emb_params": vectors},
        "flat1111": {"string_to_param.*": vectors, "string_to_token.*": torch.tensor([265])},
        "toy": {"<zelda-toy>": vectors},
        "pivot": {"text_encoders_0": vectors},
        "numbered": {"<cat>": vectors[0], "<cat>_1": vectors[1]},
        "bytes": {"emb_params": vectors.to(torch.float8_e5m2)},
        "wide": {"emb_params": torch.randn(2, 768)},
        "narrow": {"emb_params": torch.randn(2, 2 * WIDTH)},
        "hyper": {"768.0.linear.0.weight": torch.zeros(4, 768)},
        "endless": {"emb_params": vectors / 0},
        "cafe\u0301": {"emb_params": vectors},
    }
    for name, tensors in files.items():
        save_file(
            {key: value.clone() for key, value in tensors.items()}, folder / f"{name}.safetensors"
        )
    outputs = root / "outputs"
    with Workbench(models=root / "models", outputs=outputs, device="cpu") as workbench:
        drawn(workbench, "a word")  # its worker begins here, and outlives each test
        yield workbench


def drawn(bench, prompt):
    config = PipelineConfig(prompt=prompt, steps=1, width=64, height=64, seed=1)
    return bench.execute(config, save=False)


def applied(run):
    return run.record["stages"][0]["applied"]["embeddings"]


def test_one_word_gives_the_same_bytes_from_every_form_of_file(bench):
    plain = drawn(bench, "a photo of a1111")
    assert applied(plain) == ["a1111"]
    names = ("flat1111", "toy", "<zelda-toy>", "pivot", "numbered", "<cat>", "caf\u00e9")
    for name in names:
        run = drawn(bench, f"a photo of {name}")
        assert applied(run) == [name]
        assert run.image.tobytes() == plain.image.tobytes(), name
    accented = drawn(bench, "a photo of cafe\u0301")  # as macOS writes it
    assert applied(accented) == ["caf\u00e9"]
    assert accented.image.tobytes() == plain.image.tobytes()
    assert applied(drawn(bench, "a photo of bytes")) == ["bytes"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("wide", "it is made for sd15, and 'paperdoll' is of paperdoll"),
        ("narrow", "its vectors fit no text encoder of 'paperdoll'"),
        ("hyper", "holds a hypernetwork, not an embedding"),
    ],
)
def test_a_name_that_stays_text_is_told(bench, name, why, caplog):
    run = drawn(bench, f"a photo of {name}")
    assert applied(run) == []
    (notice,) = run.record["notices"]
    assert notice.startswith(f"{name!r} was read as text")
    assert why in notice
    assert notice in caplog.text
    assert "notices" not in drawn(bench, "a photo").record


def test_a_name_that_stays_text_in_a_stages_own_prompt_is_told(bench):
    face = {"enabled": True, "detector": "centre", "prompt": "a wide face"}
    config = PipelineConfig(prompt="a hat", steps=1, width=64, height=64, seed=1, face=face)
    (notice,) = bench.execute(config, save=False).record["notices"]
    assert notice.startswith("'wide' was read as text")


def test_a_name_of_two_embeddings_is_told(bench):
    folder = bench.registry.folder / "embeddings"
    for name in ("one", "two"):
        (folder / name).mkdir()
        shutil.copy(folder / "a1111.safetensors", folder / name / "twin.safetensors")
    run = drawn(bench, "a photo of twin")
    assert applied(run) == []
    assert "2 textual inversions have that name, one/twin, two/twin" in run.record["notices"][0]
    run = drawn(bench, "a photo of two/twin")
    assert applied(run) == ["two/twin"]
    assert "notices" not in run.record


def test_a_token_of_two_files_is_the_one_for_the_checkpoints_family(bench):
    folder = bench.registry.folder / "embeddings"
    save_file({"<shared>": torch.randn(2, 768)}, folder / "aa-for-sd15.safetensors")
    shutil.copy(folder / "toy.safetensors", folder / "mm.safetensors")
    save_file({"<shared>": torch.randn(2, WIDTH)}, folder / "mm.safetensors")
    save_file({"<shared>": torch.randn(2, 768)}, folder / "zz-for-sd15.safetensors")
    run = drawn(bench, "a photo of <shared>")
    assert applied(run) == ["<shared>"]
    assert run.config.models_sha256["embedding/<shared>"] == bench.registry.sha256(
        bench.registry.find("mm", "embedding")
    )
    assert "notices" not in run.record
    again = bench.execute(run.config, save=False)
    assert again.image.tobytes() == run.image.tobytes()


def test_a_token_of_two_files_of_one_family_is_told(bench):
    folder = bench.registry.folder / "embeddings"
    for name in ("old", "new"):
        save_file({"<both>": torch.randn(2, WIDTH)}, folder / f"{name}-both.safetensors")
    run = drawn(bench, "a photo of <both>")
    assert applied(run) == []
    assert "2 textual inversions have that name, new-both, old-both" in run.record["notices"][0]
    run = drawn(bench, "a photo of old-both")
    assert applied(run) == ["old-both"]
    assert "notices" not in run.record


def test_a_file_of_that_name_comes_before_a_token_and_capitals_tell_two_files(bench):
    folder = bench.registry.folder / "embeddings"
    files = {"Ink": torch.randn(2, WIDTH), "ink": torch.randn(2, WIDTH)}
    for name, vectors in files.items():
        save_file({"emb_params": vectors}, folder / f"{name}.safetensors")
    if len([one for one in folder.iterdir() if one.stem.lower() == "ink"]) < 2:
        pytest.skip("capitals tell no files here")
    save_file({"ink": torch.randn(2, WIDTH)}, folder / "another.safetensors")
    runs = {word: drawn(bench, f"a photo of {word}") for word in ("Ink", "ink", "INK")}
    for word in files:
        sha256 = bench.registry.sha256(bench.registry.find(word, "embedding"))
        assert runs[word].config.models_sha256[f"embedding/{word}"] == sha256
        assert applied(runs[word]) == ["ink"]
    assert runs["Ink"].image.tobytes() != runs["ink"].image.tobytes()
    assert applied(runs["INK"]) == []
    assert "2 textual inversions have that name, Ink, ink" in runs["INK"].record["notices"][0]


def test_an_embedding_of_no_numbers_is_refused_by_file_and_tensor(bench):
    with pytest.raises(
        MediaLabError, match=r"embedding 'endless' holds .*infinite values \(emb_params"
    ):
        drawn(bench, "a photo of endless")


@settings(
    max_examples=examples(60),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    tensors=st.dictionaries(
        st.sampled_from(["emb_params", "clip_l", "clip_g", "<a>", "<a>_1", "b", "text_encoders_0"]),
        st.tuples(
            st.lists(st.sampled_from([0, 1, 2, WIDTH, 768]), max_size=3),
            st.sampled_from([torch.float16, torch.float8_e4m3fn, torch.int8, torch.complex64]),
        ),
        max_size=3,
    )
)
def test_whatever_a_file_holds_only_our_errors_come_of_it(tmp_path, tensors):
    path = tmp_path / "any.safetensors"
    save_file({name: torch.ones(shape).to(dtype) for name, (shape, dtype) in tensors.items()}, path)
    for widths in ((WIDTH,), (768, 1280)):
        with suppress(MediaLabError):
            found = load_inversion("any", path, widths, 75)
            assert found is None or [one.shape[1] for one in found] == list(widths)
