"""What has no use with the checkpoints or the file format is left out, or greyed with why."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from medialab import Workbench
from medialab.artifacts.formats import encode
from medialab.families import RUNNING
from medialab.stages.finish import FinishConfig
from tests.tiny.families import write_families
from tests.widgets.form_parts import Defaults
from widgets.catalogue import Catalogue
from widgets.form import Form
from widgets.form_limits import FormLimits, can_any, schedules_of
from widgets.form_shapes import SHAPES
from widgets.form_values import FormValues
from widgets.model_defaults import ModelDefaults

FLOW = ("flux", "z-image", "qwen-image", "flux2-klein-4b", "sd3")
TILES = "upscaler.diffusion_overlap"


@pytest.fixture
def values():
    return FormValues(Defaults().picture)


@pytest.fixture
def limits(values):
    return FormLimits(values, Defaults())


def test_a_samplers_schedules_are_known_and_an_unknown_ones_are_all():
    assert "karras" not in schedules_of("LCM")
    assert set(schedules_of("LCM")) < set(schedules_of("no such sampler"))


def test_a_guidance_is_greyed_where_the_checkpoint_is_told_none(limits, values):
    asked = ("distilled_guidance_scale", "refiner.distilled_guidance_scale", "steps")
    values.set({"checkpoint": "paperdoll", "refiner.checkpoint": "told"})
    assert list(limits.reasons(asked)) == ["distilled_guidance_scale"]
    values.set({"checkpoint": "told", "refiner.checkpoint": None})
    assert limits.reasons(asked) == {}


@pytest.mark.parametrize("stage", ["", "refiner."])
def test_a_distilled_guidance_that_nothing_is_told_has_no_field_unless_it_is_set(
    stage, limits, values
):
    fields = [{"name": f"{stage}{name}"} for name in ("distilled_guidance_scale", "steps")]
    values.set({"checkpoint": "paperdoll"})
    assert limits.without_untold(fields) == fields[1:]
    values.set({f"{stage}distilled_guidance_scale": 2.0})
    assert limits.without_untold(fields) == fields
    values.set({f"{stage}distilled_guidance_scale": None})
    values.set({"checkpoint": "told"})
    assert limits.without_untold(fields) == fields


def test_what_a_stages_checkpoint_cannot_do_is_greyed_unless_it_is_set(limits, values):
    asked = ("control", "face.control", "steps")
    values.set({"checkpoint": "paperdoll", "face.checkpoint": "flow"})
    assert limits.reasons(asked) == {"face.control": "It follows none."}
    assert limits.has("control")
    values.set({"checkpoint": "flow", "face.checkpoint": None})
    assert list(limits.reasons(asked)) == ["control", "face.control"]
    assert not limits.has("control")
    values.set({"control": [{"model": "canny"}]})
    assert list(limits.reasons(asked)) == ["face.control"]  # so that it can be removed
    assert limits.has("control")


def test_a_second_checkpoint_is_offered_if_it_can_take_over_or_is_set(limits, values):
    def offered():
        every = [["none", None], ["doll", "doll"], ["flow", "flow"]]
        fields = [{"name": "handover_checkpoint", "choices": every}, {"name": "steps"}]
        limits.limit_successors(fields)
        return [value for _, value in fields[0]["choices"]]

    values.set({"checkpoint": "paperdoll"})
    assert offered() == [None, "doll"]
    values.set({"checkpoint": "flow"})
    assert offered() == [None, "flow"]
    values.set({"handover_checkpoint": "doll"})
    assert offered() == [None, "doll", "flow"]


def test_guidance_that_nothing_follows_is_greyed_and_a_negative_prompt_can_be_removed(
    limits, values
):
    asked = ("guidance_scale", "face.guidance_scale", "negative_prompt", "steps")
    values.set({"checkpoint": "distilled", "face.checkpoint": "flow", "guidance_scale": 4.0})
    assert list(limits.reasons(asked)) == ["guidance_scale", "negative_prompt"]
    values.set({"negative_prompt": "blue"})
    assert list(limits.reasons(asked)) == ["guidance_scale"]
    assert limits.in_vain() == {"negative_prompt": "It follows the prompt alone."}


def test_what_is_set_in_vain_is_told_of_stages_that_are_on(limits, values):
    unit = [{"model": "canny"}]
    values.set({"checkpoint": "flow", "control": unit, "face.control": unit})
    assert limits.in_vain() == {"control": "It follows none."}
    values.set({"face.enabled": True})
    assert list(limits.in_vain()) == ["control", "face.control"]
    values.set({"image": "1" * 64, "use": "inpaint", "inpaint.control": unit})
    assert "inpaint.control" in limits.in_vain()


def test_a_step_cache_and_stored_weights_are_greyed_until_they_are_set_and_told_when_they_are(
    limits, values
):
    asked = ("step_cache", "weight_dtype")
    values.set({"checkpoint": "slow"})
    assert list(limits.reasons(asked)) == list(asked)
    assert limits.in_vain() == {}
    values.set({"step_cache": 0.1, "weight_dtype": "int8"})
    assert limits.reasons(asked) == {}  # so that they can be set back
    assert limits.in_vain() == {
        "step_cache": "Every step is in full.",
        "weight_dtype": "They stay so.",
    }


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("file_format", SHAPES["format"].choices)
def test_a_setting_of_the_file_is_greyed_exactly_where_it_changes_no_pixel_of_it(
    file_format, lossless, limits, values
):
    now = {"format": file_format, "lossless": lossless}
    values.set(now)
    reasons = limits.reasons(["quality", "lossless"])
    assert ("quality" in reasons) == (len({pixels(**now, quality=one) for one in (10, 100)}) == 1)
    both = {pixels(format=file_format, lossless=one) for one in (True, False)}
    assert ("lossless" in reasons) == (len(both) == 1)


def pixels(**settings):
    """The pixels of a noisy picture as they are read from a file with these settings."""
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    written = encode(Image.fromarray(noise), "", FinishConfig(**settings))
    with Image.open(BytesIO(written)) as opened:
        return opened.convert("RGB").tobytes()


def test_a_mode_that_the_checkpoint_lacks_has_the_reason(limits, values):
    values.set({"checkpoint": "flow", "image": "1" * 64, "use": "instruct"})
    assert limits.why_no_mode() == "It does not edit."
    values.set({"instruct.checkpoint": "paperdoll"})
    assert limits.why_no_mode() == ""


def test_a_mode_is_known_to_be_had_from_the_listing(flow_bench):
    listed = {one.name: one for one in flow_bench.models("checkpoint")}
    assert can_any("img2img", listed.values())
    assert can_any("instruct", listed.values())
    del listed["flux2-klein-4b"]
    assert can_any("instruct", listed.values())  # Flux.1, whose edition nobody has told
    del listed["flux"]
    assert not can_any("instruct", listed.values())


# With checkpoints of the families


@pytest.fixture(scope="module")
def flow_bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("limits")
    write_families(root / "models", FLOW)
    with Workbench(root / "models", outputs=root / "outputs", device="cpu") as workbench:
        yield workbench


@pytest.fixture
def form(flow_bench):
    catalogue = Catalogue(flow_bench)
    catalogue.refresh()
    made = Form(catalogue, flow_bench, ModelDefaults(flow_bench), pytest.fail)
    yield made
    made.close()


@pytest.mark.parametrize("name", FLOW)
def test_the_form_offers_what_the_family_can_do(form, name):
    family = RUNNING[name]
    form.set({"checkpoint": name})
    offered = {one["name"] for one in form.stages.list.more}
    assert ("control" in offered) == family.follows_controlnets
    form.add_stage("upscaler")
    form.open_sheet("upscaler")
    greyed = form.stages.place.sheet.disabled
    assert (TILES in greyed) == (family.tiling is None)
    assert ("upscaler.control" in greyed) == (not family.follows_controlnets)
    assert ("upscaler.vae" in greyed) == (not family.reads_vae_files)
    assert greyed["upscaler.text_encoder"] == f"{name} has its text encoders inside."


def test_controlnets_that_the_new_checkpoint_does_not_follow_are_told_with_a_button(form):
    form.set({"checkpoint": "z-image", "control": [{"model": "canny", "image": "1" * 64}]})
    assert form.said("control") == ""
    form.set({"checkpoint": "flux"})
    assert form.said("control") == "Checkpoints of family flux follow no ControlNet here yet."
    form._act("control", "next", None)
    assert form.value("control") == []
    assert form.said("control") == ""


@pytest.mark.parametrize("name", FLOW)
def test_editing_in_words_is_told_where_the_checkpoint_does_not_edit(form, name):
    form.set({"checkpoint": name, "image": "1" * 64, "use": "instruct"})
    is_made_for_it = name == "flux2-klein-4b"
    assert (form.said("use") == "") == is_made_for_it
    greyed = "instruct.references" in form.start.disabled
    assert greyed == (not is_made_for_it)


@pytest.mark.parametrize("name", FLOW)
def test_settings_that_nobody_has_touched_follow_the_checkpoint(form, flow_bench, name):
    other = next(one for one in FLOW if one != name)
    for checkpoint in (other, name):
        form.set({"checkpoint": checkpoint})
        begun = flow_bench.defaults(checkpoint)
        shown, read = form.basics.inherited, form.read()
        assert shown["size"] == {"width": begun.pop("width"), "height": begun.pop("height")}
        assert {setting: read[setting] for setting in begun} == begun
    form.set({"steps": 3, "checkpoint": other})
    assert form.read()["steps"] == 3
    assert form.read()["guidance_scale"] == flow_bench.defaults(other)["guidance_scale"]
