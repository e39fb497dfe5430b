"""All presets: a person's own in outputs/presets, and those that come with the program."""

import json

import pytest

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.presets import Preset, Presets

SHIPPED = [
    *("Draft", "Edit", "Faster steps", "Less memory, fp8", "Less memory, int8"),
    *("Photo", "Portrait repair", "Poster upscale", "Quality"),
]


@pytest.fixture
def presets(tmp_path):
    return Presets(tmp_path)


def files(presets):
    return sorted(path.name for path in presets.folder.glob("*"))


def test_nine_come_with_the_program(presets):
    assert sorted(presets) == SHIPPED
    assert len(presets) == 9
    for name, preset in presets.items():
        assert presets.is_shipped(name)
        assert preset.name == name
        assert preset.description.endswith(".")
        assert preset.changes(PipelineConfig().changed(steps=50))
    assert not presets.folder.exists()


@pytest.mark.parametrize(
    ("name", "setting", "within"),
    [
        ("Draft", "steps", 10),
        ("Quality", "steps", 0.5),
        ("Portrait repair", "face.steps", 0.5),
        ("Poster upscale", "upscaler.steps", 1),
        ("Edit", "steps", 0.5),
    ],
)
def test_the_steps_of_each_are_the_fewest_that_were_measured_to_be_enough(
    presets, name, setting, within
):
    preset = presets[name]
    own = preset.settings
    for part in setting.split("."):
        own = own[part]
    assert own == min(steps for steps, apart in preset.measured.rows if apart <= within)
    assert preset.measured.command == "python -m models.paperdoll.evaluate presets"


@pytest.mark.parametrize(
    ("name", "settings", "least"),
    [
        ("Less memory, int8", {"weight_dtype": "int8"}, 45),
        ("Less memory, fp8", {"weight_dtype": "fp8_e4m3fn"}, 35),
        ("Faster steps", {"step_cache": 0.1}, 35),
    ],
)
def test_one_that_changes_pictures_changes_that_alone_and_says_how_near_they_are(
    presets, name, settings, least
):
    preset = presets[name]
    assert preset.settings == settings
    assert [one.name for one in preset.changes(PipelineConfig())] == list(settings)
    assert preset.measured.measure.startswith("PSNR in dB")
    assert all(apart >= least for _, apart in preset.measured.rows)
    assert preset.measured.command == "pytest -s tests/benchmarks/test_nearness_benchmark.py"


def test_one_is_saved_used_renamed_shared_and_deleted(presets):
    config = PipelineConfig(prompt="a car", steps=7)
    saved = presets.save("Mine", config, description="for cars")
    assert presets["mine"] == saved
    assert presets["Mine"].applied(PipelineConfig(prompt="a ship")).steps == 7
    assert json.loads((presets.folder / "Mine.json").read_text())["settings"]["steps"] == 7
    assert presets.rename("mine", "Cars").name == "Cars"
    assert files(presets) == ["Cars.json"]
    assert "Mine" not in presets
    assert presets.rename("cars", "CARS").name == "CARS"
    assert files(presets) == ["CARS.json"]
    assert Preset.parse(presets.share("CARS"), "x") == presets["CARS"]
    presets.delete("CARS")
    assert files(presets) == []
    assert sorted(presets) == SHIPPED


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(presets):
    presets.save("Mine", {"steps": 4})
    presets.save("Other", {"steps": 5})
    with pytest.raises(ConfigError, match="there is a preset 'mine' already"):
        presets.save("mine", {"steps": 9})
    with pytest.raises(ConfigError, match="there is a preset 'Other' already"):
        presets.rename("Mine", "Other")
    assert presets["Mine"].settings == {"steps": 4}
    presets.save("mine", {"steps": 9}, replace=True)
    assert files(presets) == ["Other.json", "mine.json"]
    assert presets["Mine"].settings == {"steps": 9}


def test_one_of_the_program_is_neither_renamed_nor_deleted_but_can_be_covered(presets):
    for change in (lambda: presets.delete("Draft"), lambda: presets.rename("Draft", "X")):
        with pytest.raises(ConfigError, match="comes with the program"):
            change()
    presets.save("draft", {"steps": 3})
    assert presets["Draft"].settings == {"steps": 3}
    assert (len(presets), presets.is_shipped("Draft")) == (9, False)
    presets.delete("Draft")
    assert presets.is_shipped("draft")
    assert presets["Draft"].settings["steps"] > 3


def test_an_unknown_one_is_named_with_those_there_are(presets):
    with pytest.raises(KeyError, match=r"no preset 'Darft'.*Did you mean 'Draft'"):
        presets["Darft"]
    with pytest.raises(ConfigError, match=r"no preset 'Darft'.*known: Draft"):
        presets.delete("Darft")
    assert presets.get("Darft") is None


def test_a_file_that_is_none_is_left_out_with_the_reason_and_the_rest_goes_on(presets):
    presets.save("Mine", {"steps": 4})
    (presets.folder / "broken.json").write_text("{")
    (presets.folder / "newer.json").write_text('{"schema_version": 99}')
    (presets.folder / "folder.json").mkdir()
    (presets.folder / "notes.txt").write_text("mine")
    assert sorted(presets) == sorted([*SHIPPED, "Mine"])
    reasons = {one.path.name: one.reason for one in presets.left_out()}
    assert sorted(reasons) == ["broken.json", "folder.json", "newer.json"]
    assert "update the studio" in reasons["newer.json"]
    with pytest.raises(ConfigError, match="it is no JSON"):
        presets["broken"]


def test_the_files_name_counts(presets):
    presets.save("Mine", {"steps": 4})
    (presets.folder / "Mine.json").rename(presets.folder / "Yours.json")
    assert presets["Yours"].name == "Yours"


def test_a_preset_of_another_person_is_imported_from_a_file_or_its_content(presets, tmp_path):
    (tmp_path / "theirs.json").write_bytes(Preset.of("Theirs", {"steps": 4}).encode())
    assert presets.import_file(tmp_path / "theirs.json") == [presets["Theirs"]]
    content = Preset.of("Theirs", {"steps": 5}).encode()
    with pytest.raises(ConfigError, match="there is a preset 'Theirs' already"):
        presets.import_file(content, "theirs.json")
    presets.import_file(content, "theirs.json", replace=True)
    assert presets["Theirs"].settings == {"steps": 5}
    for bad, why in ((b"<html>", "it is no JSON"), (b"x" * 2**21, "over 1 MB")):
        with pytest.raises(ConfigError, match=f"bad.json.*{why}"):
            presets.import_file(bad, "bad.json")
    with pytest.raises(ConfigError, match=r"none\.json cannot be read"):
        presets.import_file(tmp_path / "none.json")
    assert files(presets) == ["Theirs.json"]


STYLES = """\ufeffname,prompt,negative_prompt
ink,"drawing,\nblack",colour
gold/frame,a {prompt} in gold,
--- mine ---,,
ink,ink drawing,
"""


def test_styles_of_a1111_become_presets_around_the_prompt(presets, tmp_path):
    (tmp_path / "styles.csv").write_text(STYLES, encoding="utf-8")
    found = presets.import_file(tmp_path / "styles.csv")
    assert [one.name for one in found] == ["ink", "gold-frame"]
    config = PipelineConfig(prompt="a car", negative_prompt="rain")
    assert presets["ink"].applied(config).prompt == "a car, ink drawing"
    assert presets["ink"].applied(config).negative_prompt == "rain"
    assert presets["gold-frame"].applied(config).prompt == "a a car in gold"
    with pytest.raises(ConfigError, match="holds no styles"):
        presets.import_file(b"name,prompt,negative_prompt\n", "empty.csv")


def test_what_cannot_be_written_is_told_and_nothing_is_lost(presets):
    presets.save("Mine", {"steps": 4})
    (presets.folder / "Other.json").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        presets.save("Other", {"steps": 4}, replace=True)
    assert presets["Mine"].settings == {"steps": 4}


def test_a_request_is_made_with_one(bench):
    config = bench.presets["Draft"].applied(PipelineConfig(prompt="a ball", width=64, height=64))
    run = bench.execute(config.changed(steps=2), save=False)
    assert run.config.sampler == bench.presets["Draft"].settings["sampler"]
    bench.presets.save("From a run", run.config)
    assert bench.presets["From a run"].settings["steps"] == 2


def test_names_that_look_the_same_are_the_same(presets):
    assert presets.save("e\u0301", {"steps": 3}).name == "\u00e9"
    with pytest.raises(ConfigError, match=r"there is a preset .* already"):
        presets.save("\u00c9", {"steps": 4})
    assert presets["e\u0301"].settings == presets["\u00c9"].settings == {"steps": 3}
    assert presets.rename("e\u0301", "o\u0308").name == "\u00f6"
    assert files(presets) == ["\u00f6.json"]


def test_a_damaged_file_can_be_deleted(presets):
    presets.save("Mine", {"steps": 3})
    (presets.folder / "Mine.json").write_text("{")
    presets.delete("mine")
    assert files(presets) == []
    with pytest.raises(ConfigError, match="a preset's name is text"):
        presets.delete(5)
    assert presets.get(5) is None


def test_of_two_files_whose_names_differ_in_capitals_each_is_itself(presets):
    presets.save("Warm", {"steps": 4})
    (presets.folder / "warm.json").write_bytes(Preset.of("warm", {"steps": 9}).encode())
    if len(files(presets)) == 1:
        pytest.skip("capitals do not count on this file system")
    assert {name: presets[name].settings["steps"] for name in ("Warm", "warm")} == {
        "Warm": 4,
        "warm": 9,
    }


@pytest.mark.parametrize("replace", [False, True])
def test_no_style_takes_the_place_of_another_of_its_file(presets, replace):
    """What no file can have is a hyphen in both; one was lost, or the first alone imported."""
    long = "x" * 90
    names = ["a/b", "a:b", "A-B", "ink", f"{long}1", f"{long}2"]
    rows = "".join(f"{name},number {at},\n" for at, name in enumerate(names))
    content = f"name,prompt,negative_prompt\n{rows}".encode()
    found = presets.import_file(content, "styles.csv", replace=replace)
    assert [one.name for one in found[:4]] == ["a-b", "a-b 2", "A-B 3", "ink"]
    assert len(files(presets)) == len(names)
    for at, one in enumerate(found):
        assert presets[one.name].settings == {"prompt": f"{{prompt}}, number {at}"}


def test_one_part_may_be_named_by_itself(presets):
    assert presets.save("Mine", PipelineConfig(seed=7), include="seed").settings["seed"] == 7
