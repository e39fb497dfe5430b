"""An error in the panel speaks of labels, not of code."""

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import ConfigError, MediaLabError, ModelNotFoundError, QueueStoppedError
from widgets.messages import label_of, text_of, title_of


def refused(call, *arguments, **settings):
    with pytest.raises(MediaLabError) as caught:
        call(*arguments, **settings)
    return caught.value


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"width": -8}, "Width (px) = -8: must be greater than or equal to 1."),
        ({"face": {"iou": 3}}, "Face: Overlap allowed = 3: must be less than or equal to 1."),
        (
            {"refiner": {"steps": "many"}, "seed": 2.5},
            "Seed = 2.5: write a whole number. Hires fix: Steps = many: write a whole number.",
        ),
        (
            {"control": [{"model": "x", "weight": 9}]},
            "ControlNets 1: Weight = 9: must be less than or equal to 2.",
        ),
    ],
)
def test_a_setting_at_fault_is_named_by_its_label(settings, text):
    error = refused(PipelineConfig.parse, settings)
    assert (title_of(error), text_of(error)) == ("Check the settings", text)


def test_settings_in_any_message_have_their_labels():
    error = ConfigError("face.detector='x' finds no parts; set upscaler.tile=0, gone=1 or 2 = 2")
    said = "Face: Detector = 'x' finds no parts; set Upscaler: Tile (px) = 0, gone=1 or 2 = 2."
    assert text_of(error) == said


def test_stages_and_kinds_of_models_have_their_names():
    error = ModelNotFoundError("refiner: no lora 'ink' in models/loras; known: none.")
    assert text_of(error) == "Hires fix: no LoRA 'ink' in models/loras; known: none."
    assert text_of(ConfigError("https: no such page")) == "https: no such page."


def test_hints_for_code_stay_out_of_the_panel(bench):
    picture = Image.new("RGB", (64, 64))
    error = refused(bench.enhance, picture, PipelineConfig(mode="inpaint"))
    assert "in code: inpaint.mask=bench.keep" in str(error)
    assert text_of(error) == "There is no mask to inpaint; paint the area to change."


def test_each_kind_of_error_has_a_title_without_a_name_of_code():
    def kinds(kind):
        return [kind, *(one for inner in kind.__subclasses__() for one in kinds(inner))]

    titles = {kind.__name__: title_of(kind("no")) for kind in kinds(MediaLabError)}
    assert titles["ModelNotFoundError"] == "Model not found"
    assert titles["QueueStoppedError"] == "Not started"
    assert not [title for title in titles.values() if "Error" in title]
    assert title_of(LookupError("no picture")) == "Not possible now"
    assert title_of(KeyError("x")) == "Something went wrong (KeyError)"


def test_the_name_of_a_file_keeps_its_case():
    assert text_of(ModelNotFoundError("cut.png: broken")) == "cut.png: broken."
    assert text_of(QueueStoppedError("not now!")) == "Not now!"


@pytest.mark.parametrize("path", ["gone", "face.gone", "prompt.0.x", "1"])
def test_what_names_no_setting_has_no_label(path):
    assert label_of(path) == ""


@pytest.mark.parametrize("count", [1, 5, 6, 50, 51, 1000])
def test_of_many_valid_names_the_panel_lists_five_and_the_nearest(count):
    names = [f"ink {number:04}" for number in range(count)]
    text = text_of(ModelNotFoundError.among("INK 0000", "lora", "models/loras", names))
    more = f" and {count - 5:,} more" if count > 5 else ""
    listed = f"known: {', '.join(names[:5])}{more}."
    assert text == f"No LoRA 'INK 0000' in models/loras; {listed} Did you mean 'ink 0000'?"
