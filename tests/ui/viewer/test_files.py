"""Pictures in and out."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.ui.viewer.page import file_of

MIB = 2**20

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.thorough
def test_a_file_of_fifteen_megabytes_arrives_whole_in_parts(open_viewer):
    noise = np.random.default_rng(0).integers(0, 256, (2250, 2250, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG", compress_level=0)
    content = buffer.getvalue()
    assert len(content) > 15e6
    viewer = open_viewer(files={"/large.png": content})
    viewer.drop("large.png", "/large.png")
    name, arrived = viewer.wait_for(viewer.drops, 1)
    assert (name, arrived == content) == ("large.png", True)
    assert viewer.bridge.parts == [4 * MIB, 4 * MIB, 4 * MIB, len(content) - 12 * MIB]
    expect(viewer.root.locator(".mls-viewer-message")).to_be_hidden()


def test_a_picture_is_pasted_or_chosen(open_viewer):
    picture = file_of((60, 40), kind="JPEG")
    viewer = open_viewer(files={"/new.jpg": picture})
    viewer.drop("image.jpg", "/new.jpg", how="paste")
    assert viewer.wait_for(viewer.drops, 1) == ("image.jpg", picture)
    with viewer.page.expect_file_chooser() as chooser:
        viewer.button("open").click()
    chooser.value.set_files({"name": "b.jpg", "mimeType": "image/jpeg", "buffer": picture})
    assert viewer.wait_for(viewer.drops, 2) == ("b.jpg", picture)


def test_what_is_no_picture_is_refused_with_its_name_and_not_sent(open_viewer):
    viewer = open_viewer(files={"/notes.txt": "hello"})
    viewer.drop("notes.png", "/notes.txt")
    alert = viewer.root.get_by_role("alert")
    expect(alert).to_contain_text("notes.png is not a picture that can be opened")
    assert viewer.bridge.parts == []
    alert.get_by_label("Close").click()
    expect(alert).to_be_hidden()


def test_a_broken_picture_is_refused_by_python_with_a_named_error(open_viewer):
    viewer = open_viewer(files={"/cut.png": file_of((90, 90))[:-20]})
    viewer.drop("cut.png", "/cut.png")
    alert = viewer.root.get_by_role("alert")
    expect(alert).to_contain_text("Check the picture cut.png: the file is broken")
    alert.get_by_text("Technical details").click()
    expect(alert.locator("pre")).to_contain_text("Traceback")
    assert viewer.drops == []


def test_a_picture_is_downloaded_as_the_file_it_is(viewer):
    picture = file_of((60, 40), "blue")
    viewer.viewer.show(picture, file_name="00012-7-a-car.png")
    viewer.tell()
    with viewer.page.expect_download() as caught:
        viewer.button("download").click()
    assert caught.value.suggested_filename == "00012-7-a-car.png"
    assert caught.value.path().read_bytes() == picture
    viewer.viewer.show(file_of((60, 40), kind="JPEG"))
    viewer.tell()
    viewer.stage.focus()
    with viewer.page.expect_download() as caught:
        viewer.page.keyboard.press("d")
    assert caught.value.suggested_filename == "picture.jpg"


def test_a_picture_is_copied_as_a_png(viewer):
    viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    viewer.show(file_of((60, 40), "blue", "JPEG"))
    viewer.button("copy").click()
    expect(viewer.root.get_by_text("The picture is copied.")).to_be_visible()
    copied = viewer.page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            const bitmap = await createImageBitmap(await item.getType("image/png"));
            return [bitmap.width, bitmap.height];
        }"""
    )
    assert copied == [60, 40]


def test_without_a_picture_there_is_nothing_to_download_or_copy(open_viewer):
    viewer = open_viewer()
    expect(viewer.button("download")).to_be_disabled()
    expect(viewer.button("copy")).to_be_disabled()


@pytest.mark.thorough
def test_what_is_transparent_is_said_and_laid_on_squares(viewer):
    image = Image.new("RGBA", (300, 200), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (100, 50, 200, 150))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    viewer.show(buffer.getvalue())
    expect(viewer.root.locator(".mls-viewer-pixels:visible")).to_have_text(
        "300 × 200 · transparent"
    )
    through = {tuple(viewer.colour(x, 100)) for x in range(110, 190, 2)}
    assert through >= {(255, 255, 255), (212, 212, 212)}
    assert viewer.colour(20, 20) == [255, 0, 0]
    viewer.show(file_of((300, 200)))
    expect(viewer.root.locator(".mls-viewer-pixels:visible")).to_have_text("300 × 200")


@pytest.mark.thorough
def test_a_photo_of_twelve_megapixels_is_announced_and_zoomed_quickly(open_viewer):
    # A photo's bytes, most of them after its end, where no decoder looks.
    photo = file_of((4000, 3000), "navy", "JPEG") + bytes(5_000_000)
    viewer = open_viewer()
    viewer.page.evaluate(
        """() => {
            window.said = [];
            const notice = document.querySelector(".mls-viewer-message");
            const note = () => notice.hidden || window.said.push(notice.textContent);
            new MutationObserver(note).observe(notice, { attributes: true, childList: true });
        }"""
    )
    viewer.show(photo)
    assert "Opening the picture…" in "".join(viewer.page.evaluate("window.said"))
    expect(viewer.root.locator(".mls-viewer-message")).to_be_hidden()
    viewer.page.wait_for_timeout(500)  # its smaller copies
    viewer.page.mouse.move(*viewer.at(2000, 1500))
    took = viewer.stage.evaluate(
        """async (stage) => {
            const { left, top, width, height } = stage.getBoundingClientRect();
            const began = performance.now();
            for (let at = 0; at < 20; at++) {
                stage.dispatchEvent(new WheelEvent("wheel", {
                    deltaY: at < 10 ? -60 : 60,
                    clientX: left + width / 2,
                    clientY: top + height / 2,
                    bubbles: true, cancelable: true,
                }));
                await new Promise(requestAnimationFrame);
            }
            return (performance.now() - began) / 20;
        }"""
    )
    assert took < 100  # ms a frame, on a machine that does other things, too


def test_of_several_files_it_is_said_that_one_is_opened(open_viewer):
    picture = file_of((60, 40))
    viewer = open_viewer(files={"/a.png": picture})
    viewer.stage.evaluate("""async (stage) => {
      const data = new DataTransfer();
      const blob = await (await fetch("/a.png")).blob();
      for (const name of ["a.png", "b.png"]) data.items.add(new File([blob], name));
      stage.dispatchEvent(
        new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
    }""")  # fmt: skip
    assert viewer.wait_for(viewer.drops, 1)[0] == "a.png"
    said = viewer.root.get_by_role("status").filter(has_text="Only a.png is opened")
    expect(said).to_be_visible()
    said.get_by_label("Close").press("Enter")
    expect(viewer.stage).to_be_focused()
