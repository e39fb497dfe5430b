"""The form's state is plain values, and equals a config in both directions."""

import pytest

from medialab import PipelineConfig
from medialab.settings.control_units import ControlUnit
from medialab.settings.loras import LoRAConfig
from medialab.stages import MODES
from medialab.stages.detailer.edits import DetectionEdit
from widgets.form_values import FormValues

PICTURE, MASK = "1" * 64, "2" * 64


@pytest.fixture
def values():
    return FormValues(lambda _: {})


def parsed(values):
    return PipelineConfig.parse(values.read())


def test_untouched_values_are_the_default_config(values):
    assert parsed(values) == PipelineConfig()


def test_a_config_that_is_shown_is_read_back(values):
    config = PipelineConfig(
        prompt="a cat",
        width=112,
        height=144,
        steps=33,
        schedule="karras",
        seed=2**64 - 1,
        styles=("ink", "gold"),
        loras=(LoRAConfig(name="ink", weight=0.5),),
        control=(ControlUnit(model="canny", preprocessor="canny", weight=0.5),),
        face={"enabled": True, "prompt": "a face", "loras": (), "words": ["eyes"]},
        refiner={"enabled": True, "upscaler": "lanczos", "steps": 7},
        made_for={MASK: PICTURE},
    )
    values.show(config)
    assert parsed(values) == config
    assert values.value("face.prompt") == "a face"


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "txt2img"])
@pytest.mark.parametrize("size", [{}, {"width": 64, "height": 96}])
def test_a_config_that_starts_from_a_picture_is_read_back(values, mode, size):
    config = PipelineConfig(mode=mode, image=PICTURE, **size)
    values.show(config)
    assert parsed(values) == config
    values.set({"image": None})
    assert values.mode == "txt2img"
    assert parsed(values).width is None


def test_a_start_picture_is_fitted_unless_its_size_is_kept(values):
    values.set({"image": PICTURE, "use": "img2img"})
    assert parsed(values).fit == "model"
    values.set({"use": "enhance"})  # its parts are drawn, not the whole
    assert parsed(values).fit == "keep"
    values.set({"use": "inpaint"})  # the rest keeps every byte
    assert (parsed(values).fit, parsed(values).inpaint.at_model_size) == ("keep", True)
    assert FormValues(lambda _: {}).value("fit") == "model"
    other = FormValues(lambda _: {})
    other.show(parsed(values))
    assert other.value("fit") == "model"
    values.set({"fit": "keep"})
    assert not parsed(values).inpaint.at_model_size
    values.set({"fit": "custom", "start.width": 200})
    assert (parsed(values).width, parsed(values).height) == (200, None)


def test_what_a_checkpoint_begins_with_is_read_until_another_value_is_set():
    known = {"turbo": {"steps": 4, "sampler": "LCM"}, "base": {"steps": 20}}
    values = FormValues(lambda checkpoint: known.get(checkpoint, {}))
    values.show(PipelineConfig(checkpoint="turbo", steps=4, sampler="Euler"))
    assert (values.value("steps"), values.value("sampler")) == (None, "Euler")
    assert parsed(values).steps == 4
    values.set({"checkpoint": "base"})
    assert (parsed(values).steps, parsed(values).sampler) == (20, "Euler")
    values.set({"steps": 9})
    assert parsed(values).steps == 9


def test_a_random_seed_is_no_number(values):
    values.set({"seed": 7})
    assert parsed(values).seed == 7
    assert values.set({"seed": -1}) == {"seed"}
    assert values.value("seed") is None
    assert parsed(values).seed == -1


def test_only_what_changes_is_told_and_wrong_names_are_refused(values):
    assert values.set({"steps": 30, "face.mask_blur": 4}) == {"steps"}
    with pytest.raises(KeyError, match=r"face\.stepps"):
        values.set({"face.stepps": 3})


def test_objects_of_a_config_are_plain_values(values):
    edit = DetectionEdit(box=(0, 0, 16, 16), prompt="a smile")
    values.set({"face.detections": (edit,), "loras": (LoRAConfig(name="ink"),)})
    assert values.value("face.detections")[0]["prompt"] == "a smile"
    assert parsed(values).face.detections == (edit,)


def test_a_painted_mask_belongs_to_its_start_picture(values):
    values.set({"image": PICTURE, "use": "inpaint", "inpaint.mask": MASK})
    values.painted(MASK, "made")
    assert parsed(values).made_for == {MASK: PICTURE}
    values.free({MASK})
    assert parsed(values).made_for == {}
