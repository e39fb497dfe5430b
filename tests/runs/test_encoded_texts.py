"""Texts are encoded once, also by later runs and after a restart, and give the same bytes."""

import pytest
import torch

from medialab import PipelineConfig, Workbench
from medialab.families.texts import Encoded
from medialab.runs import encoded_texts
from medialab.runs.cache import StageCache
from medialab.runs.encoded_texts import BrokenTextError, EncodedTexts, decoded, stored

ASKED = PipelineConfig(
    prompt="a red ball", negative_prompt="blue", steps=1, width=64, height=64, seed=7
)


@pytest.fixture
def encoded(monkeypatch):
    """The texts that a prompt encoder was asked for, in their order."""
    from medialab.families.unet_clip.encoder import ClipEncoder

    texts, real = [], ClipEncoder.encode
    monkeypatch.setattr(
        ClipEncoder, "encode", lambda own, text: (texts.append(text), real(own, text))[1]
    )
    return texts


def texts_in(bench):
    return sorted(bench.cache.folder.glob(f"{encoded_texts.STAGE}-*"))


def test_a_text_is_encoded_once_over_restarts_and_in_every_stage(tiny_models, tmp_path, encoded):
    def drawn(*configs):
        with Workbench(tiny_models, tmp_path / "outputs", device="cpu") as bench:
            return [bench.execute(one, save=False).image.tobytes() for one in configs]

    scheduled = ASKED.changed(prompt="a [red ball:blue ball:0.5]", steps=2)
    first = drawn(ASKED, scheduled)
    assert sorted(encoded) == ["a blue ball", "a red ball", "blue"]
    encoded.clear()
    # Other settings, so that no stage's result is found, and texts that are known.
    others = [one.changed(seed=8) for one in (ASKED, scheduled)]
    changed = drawn(*others, ASKED.changed(prompt="a blue ball"))
    assert encoded == []
    for path in (tmp_path / "outputs" / "cache").iterdir():
        path.unlink()
    assert drawn(*others, ASKED.changed(prompt="a blue ball"), ASKED, scheduled) == changed + first


@pytest.mark.parametrize(
    "change",
    [
        {"emphasis": "none"},
        {"prompt": "a red ball "},
        {"precision": "bfloat16"},
    ],
)
def test_whatever_decides_an_encoding_is_in_its_key(bench, encoded, change):
    bench.execute(ASKED, save=False)
    encoded.clear()
    bench.registry.unload_all()
    bench.execute(ASKED.changed(**change), save=False)
    assert encoded


def test_another_checkpoint_encodes_its_own(bench, tiny_models, tmp_path, encoded):
    import shutil

    from safetensors.torch import load_file, save_file

    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    bench.execute(ASKED, save=False)
    encoded.clear()
    (file,) = (models / "checkpoints" / "paperdoll" / "text_encoder").glob("*.safetensors")
    save_file({name: one * 0.9 for name, one in load_file(file).items()}, file)
    with Workbench(models, bench.artifacts.folder, device="cpu") as other:
        other.execute(ASKED, save=False)
    assert sorted(encoded) == ["a red ball", "blue"]


@pytest.mark.parametrize("damage", [b"", b"not a text", None])
def test_a_torn_file_is_a_miss_and_no_error(bench, encoded, damage):
    expected = bench.execute(ASKED, save=False).image.tobytes()
    paths = texts_in(bench)
    assert len(paths) == 2
    for path in paths:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    for path in bench.cache.folder.glob("*.stage"):
        if path not in paths:
            path.unlink()
    encoded.clear()
    with Workbench(bench.registry.folder, bench.artifacts.folder, device="cpu") as other:
        assert other.execute(ASKED, save=False).image.tobytes() == expected
    assert sorted(encoded) == ["a red ball", "blue"]


def test_a_folder_that_cannot_be_written_changes_nothing(tiny_models, tmp_path, encoded):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "cache").write_text("a file in place of the folder")
    with Workbench(tiny_models, tmp_path / "outputs", device="cpu") as bench:
        assert bench.execute(ASKED, save=False).image.size == (64, 64)


def test_every_tensor_and_fact_comes_back_exactly():
    values = {
        "prompt_embeds": torch.randn(1, 4, 6)[:, :, ::2],
        "halves": torch.randn(1, 3).to(torch.bfloat16),
        "mask": torch.tensor([[1, 1, 0]]),
    }
    text = Encoded(values, 3, 2, ("Mina",), ("BREAK has no effect",))
    found = decoded(stored(text), "cpu")
    assert found._replace(values={}) == text._replace(values={})
    assert all(torch.equal(found.values[name], one) for name, one in values.items())
    assert {one.dtype for one in found.values.values()} == {one.dtype for one in values.values()}


@pytest.mark.parametrize("length", [0, 7, 8, 20, -1])
def test_bytes_that_are_no_text_are_refused(length):
    content = stored(Encoded({"prompt_embeds": torch.zeros(1, 2)}, 1))
    with pytest.raises(BrokenTextError):
        decoded(content[:length], "cpu")
    from safetensors.torch import save

    endless = {"facts": '{"inversions": [], "notes": [], "tokens": Infinity, "chunks": 1}'}
    one = {"one": torch.zeros(1)}
    for foreign in (save({}), save(one), save({}, {"facts": "{}"}), save(one, endless)):
        with pytest.raises(BrokenTextError):
            decoded(foreign, "cpu")


def test_loras_in_the_encoder_are_told_by_their_content(tmp_path):
    cache, calls = StageCache(tmp_path), []
    texts = EncodedTexts(cache, {"torch": "2"}).of({"checkpoint a": "0" * 64}, "cpu")

    def encode():
        calls.append(1)
        return Encoded({"prompt_embeds": torch.full((1, 1), float(len(calls)))}, 1)

    for loras in ("()", repr((("ab" * 32, 0.5),)), repr((("ab" * 32, 0.6),)), "()"):
        texts.recalled({"text": "a hat", "loras": loras}, encode)
    assert len(calls) == 3
    texts.of({"checkpoint a": "1" * 64}, "cpu").recalled({"text": "a hat", "loras": "()"}, encode)
    assert len(calls) == 4
