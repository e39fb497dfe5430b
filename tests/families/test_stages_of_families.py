"""The table of families and stages in docs/models.md says what the families' code says, and runs.

Each "yes" is run by a test: of families of flow matching by those that `RUN_BY` names, of the
others here. Each "no" is refused by name.
"""

import importlib
import re
from pathlib import Path

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import MediaLabError
from medialab.families import RUNNING
from medialab.families.base import PLAIN
from medialab.families.unet_clip import UNetFamily
from medialab.files.predictions import FLOW
from medialab.listing.runnable import why_not, why_not_in, why_not_with
from tests.tiny.by_hand import BY_HAND
from tests.tiny.families import write_families

DOCS = Path(__file__).parents[2] / "docs" / "models.md"
UNETS = [name for name, one in RUNNING.items() if isinstance(one, UNetFamily)]


def starts_from_pictures(family):
    return family.noising is not None and "image-to-image" in family.tasks


def why_no_edit(family):
    variants, editions = ((), ()) if family.editing is None else editing_of(family)
    variant, edition = (*variants, PLAIN)[0], (*editions, "")[0]
    return why_not_in("instruct", family.name, variant, edition)


def editing_of(family):
    return family.editing.variants, family.editing.editions


# What a family's object says, by column of the table.
CLAIMS = {
    "text to image": lambda family: "text-to-image" in family.tasks,
    "image to image": starts_from_pictures,
    "inpaint": starts_from_pictures,
    "outpaint": starts_from_pictures,
    "edit by instruction": lambda family: family.editing is not None and "instruct" in family.tasks,
    "hires fix": starts_from_pictures,
    "detailers": starts_from_pictures,
    "upscaler's tiles": lambda family: family.tiling is not None,
    "ControlNets": lambda family: family.follows_controlnets,
    "LoRAs": lambda family: family.loras is not None,
    "a second checkpoint": lambda family: bool(family.taking_over),
    "single file": lambda family: bool(family.file_variants),
    "GGUF": lambda family: bool(family.file_variants and family.opening.encoder_files),
    "a VAE of its own": lambda family: family.reads_vae_files,
}
# Why not, as the listing and the run say it.
REFUSALS = {
    "text to image": lambda family: why_not_in("txt2img", family.name, PLAIN),
    "edit by instruction": why_no_edit,
    "ControlNets": lambda family: why_not_with("controlnet", family.name, "", family.name),
    "single file": lambda family: why_not(
        "checkpoint", family.name, (*family.file_variants, PLAIN)[0], is_file=True
    ),
    "a VAE of its own": lambda family: why_not_with(
        "vae", "unknown", family.latents.description, family.name
    ),
}
# The tests that run a column with each family of flow matching that says "yes".
RUN_BY = {
    "text to image": ("test_by_hand", "test_text_to_image_is_that_of_diffusers"),
    "image to image": ("test_by_hand", "test_image_to_image_is_that_of_diffusers"),
    "inpaint": ("test_by_hand", "test_a_masked_part_is_repainted_and_every_byte_outside_stays"),
    "outpaint": ("test_by_hand", "test_a_border_is_painted_and_the_picture_inside_stays"),
    "hires fix": ("test_by_hand", "test_the_hires_fix_by_latents_is_that_of_diffusers"),
    "detailers": (
        "test_by_hand",
        "test_a_detailer_repaints_its_crop_and_every_byte_outside_stays",
    ),
    "upscaler's tiles": (
        "test_by_hand",
        "test_the_upscaler_draws_in_tiles_or_refuses_it_by_name_before_the_run",
    ),
    "LoRAs": (
        "test_loras_by_hand",
        "test_pictures_are_those_of_diffusers_and_without_it_those_of_before",
    ),
    "a second checkpoint": (
        "test_by_hand",
        "test_a_second_checkpoint_of_the_family_takes_over_where_its_noise_begins",
    ),
}


def table():
    """Return the cells by family and column."""
    (text,) = re.findall(r"## Families and stages\n\n((?:\|.*\n)+)", DOCS.read_text())
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()
    ]
    return {row[0].strip("`"): dict(zip(head[1:], row[1:], strict=True)) for row in rows}


CELLS = table()
each = pytest.mark.parametrize("name", RUNNING)


def test_the_table_has_each_family_that_runs_and_each_stage():
    assert CELLS.keys() == RUNNING.keys()
    assert all(cells.keys() == CLAIMS.keys() for cells in CELLS.values())


@each
@pytest.mark.parametrize("column", CLAIMS)
def test_a_cell_says_what_the_family_says_of_itself(name, column):
    said = CELLS[name][column]
    assert re.fullmatch(r"yes(: .+)?|no: .+", said), "yes or no, and for no a word why"
    assert said.startswith("yes") == CLAIMS[column](RUNNING[name])
    refusal = REFUSALS.get(column, lambda _: None)(RUNNING[name])
    if said.startswith("no"):
        words = (name, "not for editing")
        assert column not in REFUSALS or any(one in refusal for one in words)
    else:
        assert refusal is None


@each
def test_the_numbers_of_pictures_and_the_forms_of_files_are_those_of_the_family(name):
    family, cells = RUNNING[name], CELLS[name]
    if most := re.search(r"up to (\d+) pictures", cells["edit by instruction"]):
        assert int(most[1]) == family.editing.most
    if "one picture" in cells["edit by instruction"]:
        assert family.editing.most == 1
    if cells["ControlNets"].startswith("yes"):
        assert (cells["ControlNets"] == "yes") == family.opening.controlnet_files
    in_parts = bool(family.opening.encoder_files) and bool(family.file_variants)
    assert ("in parts" in cells["single file"]) == in_parts
    assert ("safetensors" in cells["GGUF"]) == (bool(family.file_variants) and not in_parts)


@pytest.mark.parametrize("column", RUN_BY)
def test_each_family_of_flow_matching_is_run_by_the_columns_test(column):
    module, function = RUN_BY[column]
    test = getattr(importlib.import_module(f"tests.families.{module}"), function)
    (run,) = (mark.args[1] for mark in test.pytestmark if mark.args[:1] == ("name",))
    flow = {name for name, one in RUNNING.items() if one.prediction_type == FLOW}
    assert flow == BY_HAND.keys() == set(run)
    assert flow.isdisjoint(UNETS)
    assert {*flow, *UNETS} == RUNNING.keys()


# The families with a UNet


@pytest.fixture(scope="module")
def bench(tiny_models, tmp_path_factory):
    """A workbench over a tiny checkpoint of each family with a UNet, called like the family."""
    root = tmp_path_factory.mktemp("stages")
    paperdoll = tiny_models / "checkpoints" / "paperdoll"
    write_families(root / "models", UNETS, paperdoll)
    with Workbench(root / "models", outputs=root / "outputs", device="cpu") as workbench:
        yield workbench


PART = {"enabled": True, "denoising_strength": 0.6, "steps": 2}
RUNS = {
    "text to image": {},
    "image to image": {"mode": "img2img", "img2img": {"denoising_strength": 0.6}},
    "inpaint": {"mode": "inpaint", "inpaint": {"mask_blur": 0, "denoising_strength": 0.6}},
    "outpaint": {"mode": "outpaint", "outpaint": {"right": 32, "left": 0, "mask_blur": 0}},
    "hires fix": {"refiner": PART | {"scale": 1.5, "upscaler": "latent"}},
    "detailers": {"face": PART | {"detector": "centre"}},
    "upscaler's tiles": {
        "upscaler": PART | {"upscaler": "lanczos", "scale": 2.0, "diffusion_tile": 64}
    },
}


@pytest.mark.thorough
@pytest.mark.parametrize("column", RUNS)
@pytest.mark.parametrize("name", UNETS)
def test_a_family_with_a_unet_runs_what_the_table_says(name, column, bench):
    family, settings = RUNNING[name], dict(RUNS[column])
    picture = bench.keep(Image.new("RGB", (64, 64), "teal"))
    if "mode" in settings or (family.finishes and column != "text to image"):
        settings = {"mode": "img2img", "image": picture} | settings
    if column == "inpaint":
        mask = Image.new("L", (64, 64))
        mask.paste(255, (32, 0, 64, 64))
        settings["inpaint"] = settings["inpaint"] | {"mask": bench.keep(mask)}
    small = {"prompt": "a doll", "seed": 1, "steps": 2, "width": 64, "height": 64}
    if settings.get("mode") == "outpaint":
        del small["width"], small["height"]
    config = PipelineConfig.parse({"checkpoint": name} | small | settings)
    if CELLS[name][column].startswith("no"):
        with pytest.raises(MediaLabError, match=name):
            bench.execute(config, save=False)
        return
    run = bench.execute(config, save=False)
    drawn = {one["name"] for one in run.record["stages"]}
    assert {*settings} & {"refiner", "face", "upscaler"} <= drawn
    assert settings.get("mode", "txt2img") in drawn
