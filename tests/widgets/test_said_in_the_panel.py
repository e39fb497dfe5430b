"""Whatever a person sets wrong, the panel says it without a word of code, and says it once."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from medialab import PipelineConfig
from tests.examples import examples
from widgets.form_values import is_stage
from widgets.shapes import shapes_of

CODE = re.compile(r"bench\.|Error|Input should|config\.|pydantic|Workbench|NoneType|\bdict\b")
SHAPES = shapes_of(PipelineConfig)
NUMBERS = [
    f"{stage}.{name}"
    for stage, shape in SHAPES.items()
    if is_stage(shape)
    for name, own in shapes_of(shape.kind).items()
    if own.kind in {int, float} and not own.many
]
TEXTS = ["sampler", "schedule", "face.detector", "face.order", "upscaler.upscaler", "format"]
WRONG = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e6, 1e6), st.text(max_size=12))


def told(studio):
    """All that the panel says: beside fields, in the rows of stages, in the foot."""
    form = studio.form
    beside = [form.said(field) for field in sorted(form._messages.fields)]
    rows = [row["message"] for row in form.stages.list.rows]
    return [text for text in (*beside, *rows, studio.canvas.foot.error_text) if text]


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.dictionaries(st.sampled_from([*NUMBERS, "steps", "width", "seed"]), WRONG, max_size=4),
    st.dictionaries(st.sampled_from(TEXTS), st.text(max_size=9), max_size=2),
)
def test_no_word_of_code_is_said_of_any_wrong_value(studio, press, numbers, texts):
    studio.canvas.clear_error()
    studio.form.show(PipelineConfig())
    on = {f"{name.split('.')[0]}.enabled": True for name in numbers if "." in name}
    known = {name: value for name, value in on.items() if name in studio.form._values}
    studio.form.set({**known, **numbers, **texts})
    try:
        PipelineConfig.parse(studio.form.read())
    except Exception:  # noqa: BLE001 - what is valid would be drawn, which takes long
        press("generate")
        assert told(studio)
        assert not [text for text in told(studio) if CODE.search(text)], told(studio)


@pytest.mark.parametrize(
    ("changes", "field", "label"),
    [
        ({"use": "inpaint"}, "inpaint.mask", "Paint a mask"),
        ({"use": "instruct"}, "checkpoint", ""),
        ({"checkpoint": "pony"}, "checkpoint", "Use paperdoll"),
        ({"loras": [{"name": "gone"}]}, "loras", ""),
        ({"vae": "gone"}, "vae", ""),
        ({"control": [{"model": "gone"}]}, "control", ""),
    ],
)
def test_what_cannot_be_made_is_said_beside_its_field_with_the_next_step(
    studio, press, changes, field, label
):
    image = studio.bench.keep(Image.new("RGB", (128, 128), "teal"))
    studio.form.set({"image": image if "use" in changes else None, **changes})
    press("generate")
    message = studio.form._messages.of(field)
    assert message is not None, (told(studio), studio.form._messages._said)
    assert message.label == label
    assert not CODE.search(message.text)
    assert studio.canvas.foot.error_text == ""  # it is said once
    studio.form.set({"image": None, "checkpoint": "paperdoll", "loras": [], "control": []})
    studio.form.set({"vae": ""})
    assert told(studio) == []


def test_the_studio_is_small_and_quickly_made(bench):
    """Bars of the redesign: 400 widget models, one second of Python."""
    import time

    from ipywidgets.widgets import widget as widget_module

    from widgets import Studio

    before = len(widget_module._instances)
    began = time.process_time()
    studio = Studio(bench)
    took = time.process_time() - began
    count = len(widget_module._instances) - before
    studio.close()
    print(f"\n{count} widget models, {took:.2f} s of kernel time")  # noqa: T201 - the measure
    assert count <= 400
    assert took <= 1.0


def test_settings_are_undone_fifty_deep_by_the_kernel(studio, monkeypatch):
    """A page that is loaded again finds what can be undone: the kernel keeps it."""
    clock = iter(range(0, 10**6, 10))
    monkeypatch.setattr(studio.undo._changes, "_clock", lambda: next(clock))
    for steps in range(1, 61):
        studio.form.set({"steps": steps, "face.denoising_strength": steps / 100})
    for _ in range(50):
        studio.undo.take_back()
    assert studio.form.value("steps") == 10
    assert studio.form.value("face.denoising_strength") == 0.1
    for _ in range(50):
        studio.undo.make_again()
    assert studio.form.value("steps") == 60


def test_a_missing_lora_is_said_beside_the_prompt_that_names_it_until_that_is_mended(studio, press):
    studio.form.set({"prompt": "a ball <lora:nosuch:1>"})
    press("generate")
    assert "no LoRA 'nosuch'" in studio.form.said("prompt")
    assert studio.form.said("loras") == ""
    studio.form._act("prompt", "next", None)
    assert (studio.form.value("prompt"), studio.form.said("prompt")) == ("a ball", "")
    studio.form.set({"loras": [{"name": "gone", "weight": 1.0}]})
    press("generate")
    assert "no LoRA 'gone'" in studio.form.said("loras")
