"""A viewer in a bare page, for every test of this folder."""

from threading import Thread

import pytest
from playwright.sync_api import expect

from tests.ui.viewer.page import Bridge, Shown, Site, file_of

DESK = {"width": 1000, "height": 760}
PHONE = {"width": 390, "height": 780}


@pytest.fixture(scope="module")
def site():
    serving = Site()
    thread = Thread(target=serving.server.serve_forever)
    thread.start()
    yield serving
    serving.server.shutdown()
    serving.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def pages(browser):
    """One page for a desk and one for a phone, used again and again."""
    opened = {}

    def page_for(is_phone):
        if is_phone not in opened:
            size = PHONE if is_phone else DESK
            context = browser.new_context(viewport=size, has_touch=is_phone, is_mobile=is_phone)
            opened[is_phone] = context.new_page()
            opened[is_phone].set_default_timeout(20_000)
        return opened[is_phone]

    yield page_for
    for page in opened.values():
        page.context.close()


@pytest.fixture
def open_viewer(site, pages, pictures_folder, request):
    """Opens a viewer in a bare page; at the end the page's console must have been silent."""
    said, opened = [], []

    def on_error(error):
        said.append(str(error))

    def on_console(line):
        if line.type == "error":
            said.append(line.text)

    def open_it(is_phone=False, files=None, theme="light"):
        page = pages(is_phone)
        page.on("pageerror", on_error)
        page.on("console", on_console)
        opened.append(page)
        site.bridge, site.files, site.theme = Bridge(), files or {}, theme
        if not is_phone:
            page.set_viewport_size(DESK)
        page.goto(site.url)
        page.wait_for_function("window.isReady")
        return Shown(page, site.bridge)

    yield open_it
    for page in opened:
        page.screenshot(path=pictures_folder / f"{request.node.name}.png")
        page.emulate_media(reduced_motion=None)
        page.remove_listener("pageerror", on_error)
        page.remove_listener("console", on_console)
    assert said == []


@pytest.fixture
def viewer(open_viewer):
    """A viewer on a wide page, with a picture of 300 x 200."""
    shown = open_viewer()
    shown.show(file_of((300, 200)))
    return shown


@pytest.fixture
def painting(viewer):
    """The same, in the hand a hard brush of 20 pixels."""
    viewer.viewer.mode = "mask"
    viewer.viewer.brush_size, viewer.viewer.brush_hardness = 20, 1.0
    viewer.tell()
    return viewer


@pytest.fixture
def boxed(viewer):
    """The same, with three boxes on the picture."""
    viewer.viewer.boxes = [
        {"label": "face", "box": [40, 40, 100, 100], "confidence": 0.9, "mask": "a" * 64},
        {"label": "hand", "box": [150, 50, 190, 90], "confidence": 0.7},
        {"label": "hand", "box": [200, 120, 260, 180], "confidence": 0.6},
    ]
    viewer.viewer.mode = "boxes"
    viewer.tell()
    viewer.button("fold").click()
    expect(viewer.root.locator(".mls-viewer-box:visible")).to_have_count(3)
    return viewer
