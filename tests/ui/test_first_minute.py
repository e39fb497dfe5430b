"""The first minute of `make studio`, as a person has it: one click, and the whole studio is there.

The server is the very command of the Makefile, with a home of its own and JupyterLab's defaults.
"""

import subprocess
import sys
import time

import nbformat
import pytest
from playwright.sync_api import expect

from tests.conftest import SERVER_STARTUP, is_open
from tests.ui.conftest import _free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOKEN = "of-the-first-minute"  # noqa: S105 - of a server that lives for a minute
SECONDS = 120_000  # milliseconds, beside other tests
WINDOWS = [(1280, 800), (1440, 900), (1920, 1080)]

# Asks for another picture; milliseconds until the kernel's answer, one more that waits, is drawn.
ANSWER = """() => new Promise((done, fail) => {
  const waiting = () => {
    const said = document.querySelector(".mls-studio .mls-waiting")?.textContent ?? "";
    return Number(/(\\d+) waiting/.exec(said)?.[1] ?? 0);
  };
  let least = waiting(); // the first picture waits, too, until it begins
  const start = performance.now();
  const look = () => {
    const waited = performance.now() - start;
    if (waiting() > least) done(waited);
    else if (waited > 60000) fail(new Error("no answer"));
    else requestAnimationFrame(look);
    least = Math.min(least, waiting());
  };
  document.querySelector(".mls-studio button.mls-generate").click();
  look();
})"""

# Where the studio is in the window, whether all of it is seen there, and what scrolls.
WHOLE = """panel => {
  const { left, right, top, bottom } = panel.getBoundingClientRect();
  const seen = (x, y) => panel.contains(document.elementFromPoint(x, y));
  return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight &&
    seen(left + 2, top + 2) && seen(right - 2, bottom - 2) && seen(left + 2, bottom - 2);
}"""


@pytest.fixture
def started(tiny_checkout, own_home, tmp_path):
    """The studio in JupyterLab, as `make studio` starts it; gives its port."""
    port = _free_port()
    command = [sys.executable, "-m", "widgets.lab", "--no-browser", f"--port={port}"]
    log = tmp_path / "lab.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            cwd=tiny_checkout,
            env=own_home[0] | {"JUPYTER_TOKEN": TOKEN},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as server,
    ):
        end = time.monotonic() + SERVER_STARTUP
        while not is_open(port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        try:
            yield port
        finally:
            server.terminate()
            server.wait(30)


def test_one_click_shows_the_whole_studio_which_answers_while_the_first_picture_is_made(
    started, tiny_checkout, browser, pictures_folder
):
    source = tiny_checkout / "notebooks" / "studio.ipynb"
    before = source.read_bytes()
    width, height = WINDOWS[0]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(SECONDS)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{started}/?token={TOKEN}", wait_until="commit")
    button = page.get_by_role("button", name="Open the studio")
    expect(button).to_be_visible(timeout=SECONDS)
    page.screenshot(path=pictures_folder / "first-minute-before.png")
    began = time.monotonic()
    button.click()
    panel = page.locator(".mls-studio")
    expect(panel.locator("button.mls-generate")).to_be_visible(timeout=SECONDS)
    print(f"\nfrom the click to the panel: {time.monotonic() - began:.1f} s")  # noqa: T201 - seen
    waited = page.evaluate(ANSWER)
    print(f"an answer in the first seconds: {waited:.0f} ms")  # noqa: T201 - seen
    assert waited < 5000  # 500 on quiet cores; these are shared with other tests
    # Nothing asked anything, and no news came.
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator(".Toastify__toast, .jp-toast-message").count() == 0
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(f"panel => ({WHOLE})(panel)", arg=panel.element_handle())
        page.screenshot(path=pictures_folder / f"first-minute-{width}.png")
    # Nothing runs after the panel's cell, and JupyterLab saves into the copy.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+s")
    expect(panel.locator(".mls-status [data-state]")).to_have_attribute(
        "data-state", "done", timeout=SECONDS
    )
    copy = nbformat.read(tiny_checkout / "outputs" / "studio.ipynb", as_version=4)
    assert [cell.cell_type for cell in copy.cells] == ["markdown", "code"]
    assert source.read_bytes() == before
    context.close()
