"""`make app`: the studio as a page, by Voila in a real Chromium, for who has the token."""

import json
import re
import signal
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.cookiejar import CookieJar

import psutil
import pytest
from playwright.sync_api import expect

from tests.ui.desk import WINDOWS, shares

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOKEN = "said-by-the-environment"  # noqa: S105 - of a server that lives for a minute
SECONDS = 120_000  # milliseconds: a kernel starts, and the first picture imports torch

# Whether the middle of an element is what a person sees there.
IS_SEEN = """one => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


@pytest.fixture(scope="module")
def app(serving, own_home):
    with serving("app", own_home[0] | {"MEDIALAB_TOKEN": TOKEN}) as server:
        yield server


@pytest.fixture(scope="module")
def own_kernels(app):
    """`own_kernels()`: the processes of the app's kernels."""
    before = kernels()
    return lambda: kernels() - before


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


@pytest.fixture
def visitor(app, browser, pictures_folder, request):
    """Opens pages of the app, as one person in one browser; what the first looked like is kept."""
    port, _ = app
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    context.set_default_timeout(SECONDS)
    pages = []

    def visit():
        page = context.new_page()
        pages.append(page)
        page.goto(f"http://127.0.0.1:{port}/?token={TOKEN}", wait_until="commit")
        return page

    yield visit
    if not pages[0].is_closed():
        pages[0].screenshot(path=pictures_folder / f"{request.node.name}.png")
    context.close()


def is_drawn(page):
    """Wait until the panel is there."""
    expect(page.locator("button.mls-generate")).to_be_visible(timeout=SECONDS)


def state_of(page):
    return page.locator(".mls-studio .mls-status [data-state]")


def test_the_page_has_a_name_fills_the_window_asks_nobody_else_and_its_console_is_clean(
    app, own_kernels, browser, pictures_folder, request
):
    port, log = app
    home = f"http://127.0.0.1:{port}/"
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    page = context.new_page()
    said, elsewhere, frames = [], [], []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("request", lambda one: elsewhere.append(one.url) if not ours(one.url, home) else None)

    def keep(frame):  # playwright takes no method of a list
        frames.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    begun = time.monotonic()
    page.goto(f"{home}?token={TOKEN}", timeout=SECONDS, wait_until="commit")
    is_drawn(page)
    took = time.monotonic() - begun
    print(f"\nthe panel was there after {took:.1f} s")  # noqa: T201 - less than 10 s on quiet cores
    assert took < 60  # beside other tests
    assert page.title() == "Media Lab Studio"
    assert page.locator("link[rel=icon]").first.get_attribute("href").startswith("data:image/svg")
    whole = page.locator(".mls-studio").bounding_box()
    assert whole == {"x": 0, "y": 0, "width": 1280, "height": 800}
    expect(state_of(page)).to_have_attribute("data-state", "done", timeout=SECONDS)
    # It begins as the system is, and the switch is remembered.
    assert brightness(page) < 80
    page.get_by_role("button", name="Light theme").click()
    assert brightness(page) > 200
    page.reload(wait_until="commit")
    is_drawn(page)
    assert brightness(page) > 200
    assert page.get_by_role("button", name="Dark theme").is_visible()
    assert (said, elsewhere) == ([], [])
    wrong = re.compile(rb'"msg_type": ?"error"|"name": ?"stderr"')
    content = [frame if isinstance(frame, bytes) else frame.encode() for frame in frames]
    assert any(b"comm_msg" in frame for frame in content)
    # Voila asks for all widgets' states a moment before the kernel knows that it is being asked.
    probe = re.compile(rb'"text": "(No such comm: [0-9a-f-]+\\n)+"')
    assert not [frame for frame in content if wrong.search(frame) and not probe.search(frame)]
    assert TOKEN not in log.read_text().partition("\n")[2]
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        found = shares(page.locator(".mls-studio"))
        print(f"{width} x {height}: the canvas has {min(found.values()):.1%} of the app")  # noqa: T201
        assert min(found.values()) >= 0.5, (width, found)
        page.screenshot(path=pictures_folder / f"{request.node.name}-{width}.png")
    page.goto("about:blank")  # with its context a page goes without a word
    assert soon(lambda: not own_kernels())
    context.close()


def ours(url, home):
    return url.startswith((home, f"blob:{home}", "data:"))


def brightness(page):
    """Of the studio's paper, 0 to 255."""
    colour = page.locator(".mls-studio").evaluate("one => getComputedStyle(one).backgroundColor")
    return sum(map(int, re.findall(r"[0-9]+", colour)[:3])) / 3


def test_menus_and_errors_are_seen_whole(visitor):
    """Voila's style sheets cut off all that reached out of its widget."""
    page = visitor()
    is_drawn(page)
    page.locator(".mls-form [data-name=prompt] textarea").first.fill("a __nosuch__ ball")
    page.locator("button.mls-generate").click()
    alert = page.locator(".mls-foot [role=alert]")
    expect(alert).to_contain_text("No wildcard 'nosuch'", timeout=SECONDS)
    assert alert.evaluate(IS_SEEN)
    for name in ("More than one picture", "+ Stage"):
        page.get_by_role("button", name=name).click()
        items = page.get_by_role("menuitem").or_(page.get_by_role("menuitemradio"))
        items = items.filter(visible=True)
        assert items.count() > 4
        assert all(one.evaluate(IS_SEEN) for one in items.all())
        page.keyboard.press("Escape")


@pytest.mark.thorough
def test_all_pages_show_one_studio_which_ends_with_the_last(own_kernels, visitor):
    """A kernel holds a model. A page that is loaded again shows what runs."""
    first = visitor()
    is_drawn(first)
    first.locator(".mls-form [data-name=prompt] textarea").first.fill("a green tree in the snow")
    first.locator("button.mls-generate").click()
    for _ in range(2):
        first.reload(wait_until="commit")
        is_drawn(first)
    (kernel,) = own_kernels()
    expect(first.locator(".mls-form [data-name=prompt] textarea").first).to_have_value(
        "a green tree in the snow"
    )
    second = visitor()
    is_drawn(second)
    second.locator(".mls-form [data-name=prompt] textarea").first.fill("a red car")
    expect(first.locator(".mls-form [data-name=prompt] textarea").first).to_have_value("a red car")
    second.close()
    time.sleep(6)  # one page is still open
    assert own_kernels() == {kernel}
    begun = time.monotonic()
    first.close()
    assert soon(lambda: not own_kernels())
    took = time.monotonic() - begun
    print(f"\nthe kernel was gone after {took:.1f} s")  # noqa: T201 - less than 10 s on quiet cores


@pytest.mark.thorough
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


@pytest.fixture
def notice_of(browser, pictures_folder, request):
    """`notice_of(port)`: a page whose clock the test winds, and its notice."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = context.new_page()

    def visit(port):
        page.clock.install()
        page.goto(f"http://127.0.0.1:{port}/?token={TOKEN}", wait_until="commit")
        return page, page.get_by_role("alert").filter(has_text="The studio")

    yield visit
    page.screenshot(path=pictures_folder / f"{request.node.name.replace('/', '-')}.png")
    context.close()


@pytest.mark.parametrize("command", ["/nowhere/python", "false"])
def test_a_kernel_that_cannot_start_is_told_at_once_with_a_button_that_tries_again(
    command, serving, own_home, notice_of, tmp_path
):
    """No program of that name gave a bare "500", one that ends an endless "Opening"."""
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps({"argv": [command], "display_name": "Python 3", "language": "python"})
    )
    home = own_home[0] | {"MEDIALAB_TOKEN": TOKEN, "JUPYTER_PATH": str(tmp_path)}
    with serving("app", home) as (port, _):
        page, notice = notice_of(port)
        expect(notice).to_contain_text("cannot start", timeout=SECONDS)
        assert not page.get_by_text("Opening the studio").is_visible()
        with page.expect_navigation(wait_until="commit"):
            page.get_by_role("button", name="Load the page again").click()
        expect(notice).to_contain_text("cannot start", timeout=SECONDS)


def test_a_kernel_that_hangs_is_told_after_a_while_until_the_panel_is_drawn(
    app, own_kernels, notice_of
):
    page, notice = notice_of(app[0])
    assert soon(own_kernels)
    (kernel,) = map(psutil.Process, own_kernels())
    kernel.send_signal(signal.SIGSTOP)
    try:
        expect(page.locator("#notice")).to_be_attached()
        page.clock.fast_forward(40_000)
        expect(notice).to_be_hidden()
        page.clock.fast_forward(10_000)
        expect(notice).to_contain_text("takes longer than usual")
        assert notice.evaluate(IS_SEEN)
    finally:
        kernel.send_signal(signal.SIGCONT)
    is_drawn(page)
    expect(page.locator("#notice")).to_be_hidden()
    page.goto("about:blank")
    assert soon(lambda: not own_kernels())


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


@pytest.mark.thorough
def test_no_file_of_the_checkout_is_served(app):
    port, _ = app
    for path in ("studio.ipynb", "../outputs/index.sqlite", "../medialab/api/service.py"):
        url = f"http://127.0.0.1:{port}/voila/files/{path}"
        assert status_of(url, Authorization=f"token {TOKEN}")[0] in {403, 404}
