"""The studio's notebook in a JupyterLab that stays open from test to test."""

from playwright.sync_api import expect

from tests.ui.conftest import IN_KERNEL, VIEWPORT

NOTEBOOK = "notebooks/studio.ipynb"
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
