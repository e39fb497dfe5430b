"""LoRAs of a run: asked for by name, applied by file, and told in the record."""

from pathlib import Path

import pytest

from medialab.lora import LoRAManager, LoRAUse
from medialab.lora.running import RunLoRAs, hashes_in_record, loras_as_record
from medialab.settings.loras import LoRAConfig
from tests.lora.layers import LINEAR, written
from tests.tiny.loras import kohya, linear_case


def a_file(model, folder, name):
    folder.mkdir()
    out, into = model.components["unet"].get_submodule(LINEAR).weight.shape
    return written(folder, kohya(LINEAR, linear_case(out, into)[0]), name=name)


def test_every_setting_of_a_lora_reaches_what_is_applied():
    asked = LoRAConfig(
        name="ink", weight=0.5, text_encoder=0.25, block_weights="INS", start=0.1, stop=0.9
    )
    use = RunLoRAs(LoRAManager(), {"ink": Path("styles/ink.safetensors")}).use(asked)
    assert use == LoRAUse(Path("styles/ink.safetensors"), 0.5, 0.25, "INS", 0.1, 0.9)


def test_two_files_of_one_name_are_reported_by_the_names_they_were_asked_by(model, tmp_path):
    paths = {f"{one}/ink": a_file(model, tmp_path / one, "ink") for one in ("a", "b")}
    loras = RunLoRAs(LoRAManager(), paths)
    before = model.components["unet"].get_submodule(LINEAR).weight.clone()
    asked = [LoRAConfig(name=name) for name in paths]
    with loras.applied(model, asked, parts=["unet"]) as applied:
        assert [one.name for one in applied.reports] == ["a/ink", "b/ink"]
        told = loras_as_record(applied)
    assert [one["name"] for one in told["loras"]] == ["a/ink", "b/ink"]
    assert told["loras_are"] in {"attached", "merged"}
    assert hashes_in_record({"stages": [{"applied": told}]}).keys() == paths.keys()
    assert model.components["unet"].get_submodule(LINEAR).weight.equal(before)


@pytest.mark.parametrize(("calls", "mode"), [(1, "attached"), (20, "merged")])
def test_how_often_a_denoiser_is_called_decides_how_they_are_applied(model, tmp_path, calls, mode):
    loras = RunLoRAs(LoRAManager(), {"ink": a_file(model, tmp_path / "a", "ink")})
    with loras.applied(model, [LoRAConfig(name="ink")], calls=calls) as applied:
        assert loras_as_record(applied)["loras_are"] == mode


def test_without_loras_the_record_says_nothing_of_them(model):
    with RunLoRAs(LoRAManager(), {}).applied(model, []) as applied:
        assert loras_as_record(applied) == {}


def test_hashes_are_found_wherever_a_record_tells_them_and_nowhere_else():
    told = {"loras": [{"name": "ink", "autov3": "aa"}, {"name": "pen"}], "loras_are": "merged"}
    deep = {"stages": [{"applied": told}, {"passes": ({"x": told | {"loras": []}},)}]}
    assert hashes_in_record(deep) == {"ink": "aa"}
    assert hashes_in_record({"loras": [{"name": "ink", "autov3": "aa"}]}) == {}
    assert hashes_in_record({}) == {}
