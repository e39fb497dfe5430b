"""`make app`: the studio as a page, by Voila in a real Chromium, for who has the token."""

import re
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.cookiejar import CookieJar

import psutil
import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOKEN = "said-by-the-environment"  # noqa: S105 - of a server that lives for a minute
SECONDS = 120_000  # milliseconds: a kernel starts, and the first picture imports torch


@pytest.fixture(scope="module")
def app(serving, own_home):
    with serving("app", own_home[0] | {"MEDIALAB_TOKEN": TOKEN}) as server:
        yield server


def status_of(url, data=None, **headers):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(url, data, headers)  # noqa: S310 - http
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=60) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Location", "")


def test_with_the_token_the_panel_opens_and_draws_and_the_console_is_clean(app, page):
    port, log = app
    home = f"http://127.0.0.1:{port}/"
    # Voila's template asks for an icon font elsewhere, and has its own when it gets none.
    page.route(re.compile(rf"^(?!{home}).*"), lambda route: route.abort())
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda message: (
            said.append(message.text)
            if message.type == "error" and "fontawesome" not in message.location["url"]
            else None
        ),
    )
    frames = []

    def keep(frame):
        frames.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    page.goto(f"{home}?token={TOKEN}", timeout=SECONDS)
    panel = page.locator(".mls-studio").first
    state = panel.locator(".mls-status [data-state]")
    expect(state).to_have_attribute("data-state", "done", timeout=SECONDS)
    first = drawn(panel)
    panel.locator(".mls-prompt textarea").fill("a green tree in the snow")
    panel.locator("button.mls-generate").click()
    expect(state).to_have_attribute("data-state", "done", timeout=SECONDS)
    page.wait_for_function(
        "first => [...document.querySelectorAll('.mls-studio img')].some(one => one.src"
        " && one.naturalWidth >= 128 && !first.includes(one.src))",
        arg=first,
        timeout=SECONDS,
    )
    assert page.get_by_role("heading", name="What it begins with").count() == 0
    results = page.locator(".celltag_notebook-only")
    assert [result.is_visible() for result in results.all()] == [False, False]
    assert said == []
    wrong = re.compile(rb'"msg_type": ?"error"|"name": ?"stderr"')
    content = [frame if isinstance(frame, bytes) else frame.encode() for frame in frames]
    assert any(b"comm_msg" in frame for frame in content)
    # Voila asks for all widgets' states a moment before the kernel knows that it is being asked.
    probe = re.compile(rb'"text": "(No such comm: [0-9a-f-]+\\n)+"')
    assert not [frame for frame in content if wrong.search(frame) and not probe.search(frame)]
    assert TOKEN not in log.read_text().partition("\n")[2]


@pytest.mark.thorough
def test_each_page_that_is_left_ends_its_kernel(app, page):
    """A kernel holds a model: of pages loaded again and again, the last one's alone is there."""
    port, _ = app
    home = f"http://127.0.0.1:{port}/"
    page.route(re.compile(rf"^(?!{home}).*"), lambda route: route.abort())
    before = kernels()
    for _ in range(3):
        page.goto(f"{home}?token={TOKEN}", timeout=SECONDS)
        expect(page.locator("button.mls-generate")).to_be_visible(timeout=SECONDS)
    assert soon(lambda: len(kernels() - before) == 1), kernels() - before
    page.goto("about:blank")
    assert soon(lambda: not kernels() - before), kernels() - before


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_a_page_of_another_server_cannot_end_a_kernel(app, origin):
    port, _ = app
    cookie = login_cookie(port)
    url = f"http://127.0.0.1:{port}/voila/api/shutdown/0a0a0a0a-0000-0000-0000-000000000000"
    headers = {"Cookie": cookie} | ({"Origin": origin} if origin else {})
    assert status_of(url, data=b"", **headers)[0] in {403, 404}
    own = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"}
    assert status_of(url, data=b"", **own)[0] == 404  # let in; that kernel is not there


def login_cookie(port):
    """What the browser of somebody who came with the token sends from then on."""
    kept = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(kept))
    opener.open(f"http://127.0.0.1:{port}/login?token={TOKEN}", timeout=60).close()
    return "; ".join(f"{one.name}={one.value}" for one in kept if one.name != "_xsrf")


def kernels():
    """The processes of kernels that servers of this test run started."""
    found = set()
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # or a zombie: it ended in the meantime
            if "ipykernel_launcher" in " ".join(one.cmdline()):
                found.add(one.pid)
    return found


def soon(is_so):
    """Whether it comes to be so within a minute, on a busy machine."""
    end = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def drawn(panel):
    """What the panel's pictures are, as addresses."""
    return panel.locator("img").evaluate_all("images => images.map(image => image.src)")


@pytest.mark.parametrize("query", ["", "?token=wrong"])
def test_without_the_token_there_is_a_login_page_and_no_kernel(app, query):
    port, _ = app
    status, location = status_of(f"http://127.0.0.1:{port}/{query}")
    assert status == 302
    assert location.startswith("/login")


@pytest.mark.parametrize("path", ["", "/channels"])
def test_without_the_token_no_kernel_is_reached(app, path):
    port, _ = app
    kernel = "0a0a0a0a-0000-0000-0000-000000000000"
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"} if path else {}
    status, _ = status_of(f"http://127.0.0.1:{port}/api/kernels/{kernel}{path}", **upgrade)
    assert status == 403


def test_no_file_of_the_checkout_is_served(app):
    port, _ = app
    for path in ("studio.ipynb", "../outputs/index.sqlite", "../medialab/api/service.py"):
        url = f"http://127.0.0.1:{port}/voila/files/{path}"
        assert status_of(url, Authorization=f"token {TOKEN}")[0] in {403, 404}
