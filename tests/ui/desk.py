"""The studio's notebook in a JupyterLab that stays open from test to test."""

from playwright.sync_api import expect

from tests.ui.conftest import IN_KERNEL, VIEWPORT

NOTEBOOK = "notebooks/studio.ipynb"
WINDOWS = ((1280, 800), (1440, 900), (1920, 1080))  # in which the picture has its half
SECONDS = 120_000  # milliseconds: the first picture imports torch on a busy machine


class Desk:
    """The page and its kernel stay, unless a test failed in them; the studio is new for each.

    To load the page, start a kernel and import torch would be most of what a test does.
    """

    def __init__(self, open_notebook, outputs):
        self._open, self._outputs = open_notebook, outputs
        self._page = None

    def begin(self, *, fresh=False):
        """The panel after Run All, its first picture drawn; nothing is as the last test left it.

        `fresh`: in a page and a kernel of its own.
        """
        page, self._page = self._page, None  # a test that fails on the way leaves none
        if fresh:
            page = None
        if page is not None:
            self._clear(page)
        # Where another studio was left is no matter of this one.
        (self._outputs / "studio.json").unlink(missing_ok=True)
        page = page or self._open(NOTEBOOK)
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        panel = page.locator(".mls-studio").first
        expect(state(panel)).to_have_attribute("data-state", "done", timeout=SECONDS)
        panel.evaluate("panel => panel.scrollIntoView({ block: 'start' })")
        return panel

    def keep(self, page):
        """The next test may have this page."""
        self._page = page

    @staticmethod
    def _clear(page):
        page.evaluate(IN_KERNEL, [NOTEBOOK, "studio.close()"])
        page.evaluate("localStorage.removeItem('media-lab-studio')")  # what was folded, or filled
        expect(page.locator(".mls-studio")).to_have_count(0)
        page.set_viewport_size(VIEWPORT)
        choose_theme(page, "JupyterLab Light")


def state(panel):
    """The line that says what is being done."""
    return panel.locator(".mls-status [data-state]")


def choose_theme(page, theme):
    """One of JupyterLab's; returns when it is in effect."""
    page.evaluate(
        f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
    )
    page.wait_for_function(f"document.body.dataset.jpThemeName === '{theme}'")


def open_page(panel, name):
    """A page of the shelf, where it is not open already."""
    tab = panel.locator(f".mls-shelf-tab[data-name={name}]")
    page = panel.locator(".mls-shelf-page.mls-is-shown")
    if tab.get_attribute("aria-selected") != "true" or not page.is_visible():
        tab.click()
    expect(page).to_be_visible()


def close_drawer(panel):
    """The shelf, where it lies over the picture."""
    if panel.locator(".mls-shelf-button").get_attribute("aria-pressed") == "true":
        panel.locator(".mls-shelf-button").click()


def fill_window(panel, fills=True):
    """The studio over the whole window, or back in its page."""
    if (panel.get_attribute("data-filled") == "true") != fills:
        panel.locator(".mls-fill-button").click()
    expect(panel).to_have_attribute("data-filled", str(fills).lower())


def shares(panel, modes=("view", "compare", "mask", "boxes")):
    """The share of the studio that the picture's canvas has, in each mode of the viewer."""
    found = {}
    for mode in modes:
        button = panel.locator(f".mls-viewer-modes button[data-mode={mode}]")
        if button.is_visible():
            button.click()
        found[mode] = panel.evaluate("""panel => {
          const area = ({ width, height }) => width * height;
          const canvas = panel.querySelector(".mls-viewer-canvas");
          return area(canvas.getBoundingClientRect()) / area(panel.getBoundingClientRect());
        }""")  # fmt: skip
    return found
