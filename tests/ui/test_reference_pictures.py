"""The pictures that an instruction may speak of: dropped, seen, moved, removed, and greyed."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from medialab import Workbench
from tests.tiny.flux2_klein import write_klein
from tests.tiny.z_image import write_z_image
from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from widgets.catalogue import Catalogue
from widgets.form import Form
from widgets.model_defaults import ModelDefaults

pytestmark = [pytest.mark.browser, pytest.mark.slow]
COLOURS = ("red", "lime", "blue")


def content(colour):
    buffer = BytesIO()
    Image.new("RGB", (96, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("references")
    write_klein(root / "models" / "checkpoints" / "tiny-klein")
    write_z_image(root / "models" / "checkpoints" / "tiny-z")
    with Workbench(models=root / "models", outputs=root / "outputs", device="cpu") as workbench:
        yield workbench


@pytest.fixture
def form(bench):
    """The form of a studio, set to edit a teal picture with Klein."""
    catalogue = Catalogue(bench)
    catalogue.refresh()
    form = Form(catalogue, bench, ModelDefaults(bench), pytest.fail)
    start = bench.keep(Image.new("RGB", (96, 64), "teal"))
    form.set({"checkpoint": "tiny-klein", "image": start, "use": "instruct"})
    return form


@pytest.fixture
def bare(browser, form):
    with BarePage(browser, form.start, size=(332, 620)) as page:
        yield page


@pytest.fixture
def given(bare):
    return bare.page.get_by_role("group", name="Reference pictures")


@pytest.fixture
def colours(bench, form):
    """Returns the colours of the form's references, in order."""

    def of():
        kept = [bench.pictures.load(name) for name in form.value("instruct.references")]
        return [one.getpixel((0, 0)) for one in kept]

    return of


def drop(group, *colours):
    """Drop files on the list, all at once."""
    group.evaluate(
        """async (list, files) => {
          const dataTransfer = new DataTransfer();
          for (const [name, bytes] of files)
            dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
          for (const name of ["dragenter", "drop"])
            list.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true }));
        }""",
        [[f"{colour}.png", list(content(colour))] for colour in colours],
    )


RED, LIME, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def test_pictures_are_dropped_seen_moved_and_removed(bare, given, form, colours, tmp_path):
    expect(given).to_contain_text("None. Drop pictures here.")
    drop(given, *COLOURS)
    expect(given.get_by_role("img")).to_have_count(3)
    assert colours() == [RED, LIME, BLUE]
    for number in (2, 3, 4):  # the start picture is the first
        image = given.get_by_role("img", name=f"Picture {number}: 96 × 64")
        expect(image).to_have_js_property("naturalWidth", 96)
    bare.page.screenshot(path=tmp_path / "references.png")
    given.get_by_role("button", name="Picture 4: move forward").click()
    bare.page.wait_for_function("window.idle()")
    assert colours() == [RED, BLUE, LIME]
    expect(given.get_by_role("button", name="Picture 3: move forward")).to_be_focused()
    expect(given.get_by_role("button", name="Picture 2: move forward")).to_be_disabled()
    expect(given.get_by_role("button", name="Picture 4: move back")).to_be_disabled()
    given.get_by_role("button", name="Picture 2: remove").click()
    bare.page.wait_for_function("window.idle()")
    assert colours() == [BLUE, LIME]
    expect(given.get_by_role("img")).to_have_count(2)
    assert form.read()["instruct"]["references"] == form.value("instruct.references")


def test_several_files_are_chosen_at_once_and_what_is_no_picture_is_told(bare, given, colours):
    files = [
        {"name": f"{colour}.png", "mimeType": "image/png", "buffer": content(colour)}
        for colour in COLOURS[:2]
    ]
    bad = {"name": "bad.png", "mimeType": "image/png", "buffer": b"no picture"}
    given.locator("input[type=file]").set_input_files([files[0], bad, files[1]])
    expect(given.get_by_role("img")).to_have_count(2)
    assert colours() == [RED, LIME]


def test_they_are_greyed_with_the_reason_where_the_checkpoint_does_not_edit(
    bare, given, form, tmp_path
):
    form.set({"checkpoint": "tiny-z"})
    bare.pump()
    reason = re.compile("tiny-z does not edit by instruction: choose a checkpoint that does.")
    expect(given).to_have_accessible_description(reason)
    bare.page.screenshot(path=tmp_path / "greyed.png")
    expect(given.get_by_role("button", name="Files…")).to_be_disabled()
    drop(given, "red")
    bare.page.wait_for_function("window.idle()")
    assert form.value("instruct.references") == []
    form.set({"checkpoint": "tiny-klein"})
    bare.pump()
    expect(given.get_by_role("button", name="Files…")).to_be_enabled()


def test_without_the_mode_there_is_no_place_for_them(bare, given, form):
    form.set({"use": "img2img"})
    bare.pump()
    expect(given).to_have_count(0)


def test_they_are_read_to_a_blind_person(bare, given):
    drop(given, "red", "blue")
    expect(given.get_by_role("img")).to_have_count(2)
    assert_accessible(bare.page, "#widget")


def test_files_that_are_dropped_while_others_are_read_come_after_them(bare, given, colours):
    drop(given, "red", "lime")
    drop(given, "blue")
    expect(given.get_by_role("img")).to_have_count(3)
    assert colours() == [RED, LIME, BLUE]
    bare.page.wait_for_function("window.idle()")


def test_of_two_start_pictures_the_last_one_counts(bench, bare, form):
    drop(bare.page.get_by_role("group", name="Start from"), "red")
    drop(bare.page.get_by_role("group", name="Start from"), "blue")
    bare.page.wait_for_function("window.idle()")
    bare.page.wait_for_timeout(100)
    bare.page.wait_for_function("window.idle()")
    assert bench.pictures.load(form.value("image")).getpixel((0, 0)) == BLUE
