"""The viewer's JavaScript in a bare page: a real canvas and pointer, and the real Python half.

There is no Jupyter between them: `Bridge` carries their messages as its comm would.
"""

import base64
import io
import itertools
import json
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from widgets.viewer import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MIB = 2**20

# A model as anywidget hands it to the module; its messages go to Python as requests, a line of JSON
# and then the bytes, and what Python sends back is the answer.
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/viewer.css">
<style>body { margin: 0; padding: 8px; background: var(--jp-layout-color0, white); }</style>
<body><script type="module">
import make from "/viewer.js";
const state = {}, heard = {}, changed = new Set();
const tell = (name, ...news) => (heard[name] ?? []).forEach((hear) => hear(...news));
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
window.receive = (messages) => {
  for (const { method, content, state: news, buffers } of messages) {
    if (method === "custom") tell("msg:custom", content, buffers.map(bytes));
    if (method !== "update") continue;
    Object.assign(state, news);
    for (const name of Object.keys(news)) tell(`change:${name}`);
  }
};
let sending = Promise.resolve();
const send = (message, buffers = []) => sending = sending.then(async () => {
  const body = new Blob([JSON.stringify(message), "\\n", ...buffers]);
  window.receive(await (await fetch("/python", { method: "POST", body })).json());
});
const model = {
  get: (name) => state[name],
  set: (name, value) => {
    if (state[name] === value) return;
    state[name] = value;
    changed.add(name);
    tell(`change:${name}`);
  },
  save_changes: () => {
    const news = Object.fromEntries([...changed].map((name) => [name, state[name]]));
    changed.clear();
    send({ method: "update", state: news });
  },
  on: (name, hear) => (heard[name] ??= []).push(hear),
  send: (content, _, buffers) => send({ method: "custom", content }, buffers),
};
await send({ method: "request_state" });
const widget = make();
await widget.initialize({ model });
window.show = () => {
  const el = document.createElement("div");
  el.className = "mls-viewer";
  document.body.append(el);
  widget.render({ model, el });
};
window.show();
await sending; // what there was to see has come
window.isReady = true;
</script>"""


class Bridge:
    """A viewer's comm whose other end is the page."""

    comm_id = "viewer"

    def __init__(self):
        self.waiting = deque()
        self.parts = []
        self.is_free = Event()
        self.is_free.set()
        self.viewer = Viewer()
        self.viewer.comm.close()
        self.viewer.comm = self

    def on_msg(self, hear):
        self.hear = hear

    def on_close(self, hear):
        pass

    def close(self):
        pass

    def send(self, data=None, metadata=None, buffers=None):
        """Python to page."""
        texts = [base64.b64encode(buffer).decode() for buffer in buffers or ()]
        self.waiting.append({**data, "buffers": texts})

    def request(self, body):
        """Page to Python; what Python sends back."""
        message, _, part = body.partition(b"\n")
        self.is_free.wait(20)
        if part:
            self.parts.append(len(part))
        self.hear({"content": {"data": json.loads(message)}, "buffers": [memoryview(part)]})
        return self.taken()

    def taken(self):
        """The messages for the page that wait."""
        return [self.waiting.popleft() for _ in range(len(self.waiting))]


class Site:
    """What the page asks for: itself, the widget's files, a test's own `files`, and Python."""

    def __init__(self):
        self.files = {}
        self.bridge = None
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(*site.served()[self.path])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(json.dumps(site.bridge.request(body)), "application/json")

            def answer(self, body, kind):
                content = body.encode() if isinstance(body, str) else body
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *line):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def served(self):
        return {
            "/": (PAGE, "text/html"),
            "/viewer.js": (str(Viewer._esm), "text/javascript"),
            "/viewer.css": (str(Viewer._css), "text/css"),
            **{path: (body, "application/octet-stream") for path, body in self.files.items()},
        }


class Shown:
    """The page with a viewer in it, and what its Python half was told."""

    def __init__(self, page, bridge):
        self.page, self.bridge, self.viewer = page, bridge, bridge.viewer
        self.masks, self.boxes, self.drops = [], [], []
        self.viewer.on_mask(self.masks.append)
        self.viewer.on_boxes(self.boxes.append)
        self.viewer.on_drop(lambda name, content: self.drops.append((name, content)))
        self.root = page.locator(".mls-viewer").first
        self.stage = self.root.locator(".mls-viewer-stage")

    def button(self, name):
        return self.root.locator(f"button.mls-viewer-{name}:visible")

    def tell(self):
        """What the program did to the viewer reaches the page."""
        self.page.evaluate("messages => window.receive(messages)", self.bridge.taken())
        self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def show(self, *pictures, mode="view"):
        self.viewer.show(*pictures)
        self.viewer.mode = mode
        self.tell()
        expect(self.root).to_have_attribute("data-shown", "picture")
        expect(self.root).to_have_attribute("data-mode", mode)

    def camera(self):
        """Zoom and position in the stage: screen = picture * scale + (x, y)."""
        # The frame in which the last change is drawn.
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return [float(self.stage.get_attribute(f"data-{name}")) for name in ("scale", "x", "y")]

    def at(self, x, y):
        """Where a place of the picture is on the page."""
        scale, left, top = self.camera()
        box = self.stage.bounding_box()
        return box["x"] + left + x * scale, box["y"] + top + y * scale

    def place(self, x, y):
        """Which place of the picture is there on the page."""
        scale, left, top = self.camera()
        box = self.stage.bounding_box()
        return (x - box["x"] - left) / scale, (y - box["y"] - top) / scale

    def drag(self, *places, button="left"):
        """Press at the first place of the picture, go through the others, let go."""
        points = [self.at(*place) for place in places]
        self.page.mouse.move(*points[0])
        self.page.mouse.down(button=button)
        for point in points[1:]:
            self.page.mouse.move(*point, steps=4)
        self.page.mouse.up(button=button)

    def wait_until(self, holds, seconds=20):
        """Wait until this holds; a busy machine may take a while."""
        end = time.monotonic() + seconds
        while not holds() and time.monotonic() < end:
            self.page.wait_for_timeout(10)
        assert holds()

    def wait_for(self, told, count):
        """Wait until Python was told so often; return the last news."""
        self.wait_until(lambda: len(told) >= count)
        assert len(told) == count
        return told[-1]

    def stroke(self, *places):
        """Paint; the mask as Python has it then."""
        count = len(self.masks)
        self.drag(*places)
        return pixels_of(self.wait_for(self.masks, count + 1))

    def press_mask(self, name):
        """Press a button of the mask tools; the mask then."""
        count = len(self.masks)
        self.button(name).click()
        return pixels_of(self.wait_for(self.masks, count + 1))

    def colour(self, x, y):
        """What the canvas shows at a place of the picture."""
        scale, left, top = self.camera()
        point = [round(left + x * scale), round(top + y * scale)]
        return self.stage.locator("canvas").evaluate(
            "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]", point
        )[:3]

    def change_boxes(self, act, *arguments):
        """Do something to the boxes; those that Python has then."""
        count = len(self.boxes)
        act(*arguments)
        return self.wait_for(self.boxes, count + 1)

    def drop(self, name, path, how="drop"):
        """Drop or paste a file that the site serves."""
        self.stage.evaluate(
            """async (stage, [name, path, how]) => {
                const data = new DataTransfer();
                data.items.add(new File([await (await fetch(path)).blob()], name));
                const options = { bubbles: true, cancelable: true };
                const event = how === "paste"
                    ? new ClipboardEvent("paste", { ...options, clipboardData: data })
                    : new DragEvent("drop", { ...options, dataTransfer: data });
                stage.dispatchEvent(event);
            }""",
            [name, path, how],
        )


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
            size = {"width": 390, "height": 780} if is_phone else {"width": 1000, "height": 760}
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

    def open_it(is_phone=False, files=None):
        page = pages(is_phone)
        page.on("pageerror", on_error)
        page.on("console", on_console)
        opened.append(page)
        site.bridge, site.files = Bridge(), files or {}
        page.goto(site.url)
        page.wait_for_function("window.isReady")
        return Shown(page, site.bridge)

    yield open_it
    for page in opened:
        page.screenshot(path=pictures_folder / f"{request.node.name}.png")
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
    expect(viewer.root.locator(".mls-viewer-box")).to_have_count(3)
    return viewer


def file_of(size, colour="grey", kind="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def pixels_of(mask):
    assert mask is not None
    with Image.open(io.BytesIO(mask)) as image:
        assert image.mode == "L"
        return np.array(image).astype(int)


def edges_of(mask):
    """Left, top, right, bottom of what is at least half covered."""
    rows, columns = np.nonzero(mask >= 128)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


# --- mask -------------------------------------------------------------------------------------
def test_a_stroke_lands_exactly_under_the_pointer(painting):
    mask = painting.stroke((50, 60), (150, 60))
    assert mask.shape == (200, 300)
    assert np.abs(np.subtract(edges_of(mask), (40, 50, 160, 70))).max() <= 1
    assert (mask[52:68, 50:150] == 255).all()
    assert mask[:48].max() == mask[72:].max() == 0


def test_a_stroke_lands_under_the_pointer_when_zoomed_and_moved(painting):
    painting.page.mouse.move(*painting.at(200, 120))
    painting.page.mouse.wheel(0, -600)
    painting.drag((200, 120), (190, 110), button="middle")
    assert painting.camera()[0] > 5
    mask = painting.stroke((200, 120), (215, 120))
    assert np.abs(np.subtract(edges_of(mask), (190, 110, 225, 130))).max() <= 1


def test_a_soft_brush_fades_and_a_stroke_that_crosses_itself_stays_even(painting):
    painting.viewer.brush_size, painting.viewer.brush_hardness = 60, 0.0
    painting.viewer.brush_opacity = 0.5
    painting.tell()
    mask = painting.stroke((100, 100), (200, 100), (100, 100), (200, 100))
    column = mask[100:131, 150]
    assert abs(column[0] - 128) <= 1
    assert (np.diff(column) <= 0).all()
    assert 40 < column[15] < 90
    assert column[-1] == 0


def test_what_was_painted_is_undone_and_redone(painting):
    first = painting.stroke((50, 50), (100, 50))
    second = painting.stroke((50, 150), (100, 150))
    assert second.sum() > first.sum()
    assert (painting.press_mask("undo") == first).all()
    count = len(painting.masks)
    painting.button("undo").click()
    assert painting.wait_for(painting.masks, count + 1) is None
    expect(painting.button("undo")).to_be_disabled()
    painting.stage.focus()
    painting.page.keyboard.press("Control+Shift+Z")
    assert (pixels_of(painting.wait_for(painting.masks, count + 2)) == first).all()
    painting.page.keyboard.press("Control+Y")
    assert (pixels_of(painting.wait_for(painting.masks, count + 3)) == second).all()
    painting.page.keyboard.press("Control+Z")
    assert (pixels_of(painting.wait_for(painting.masks, count + 4)) == first).all()


def test_what_is_painted_while_python_is_busy_is_kept(painting):
    painting.bridge.is_free.clear()
    for y in (40, 80, 120):
        painting.drag((50, y), (60, y))
    expect(painting.root).to_have_attribute("data-undos", "3")
    painting.bridge.is_free.set()
    # The first mask was sent when there was one stroke; the newest follows, those between do not.
    first = pixels_of(painting.wait_for(painting.masks, 2) and painting.masks[0])
    assert [first[y, 55] for y in (40, 80, 120)] == [255, 0, 0]
    assert [pixels_of(painting.masks[1])[y, 55] for y in (40, 80, 120)] == [255, 255, 255]
    painting.page.wait_for_timeout(200)  # both have come back
    painting.wait_until(lambda: painting.colour(55, 120) == painting.colour(55, 40))
    assert painting.colour(55, 40) != painting.colour(55, 60)
    assert painting.root.get_attribute("data-undos") == "3"


def test_the_eraser_takes_away_what_it_touches(painting):
    painting.stroke((50, 100), (250, 100))
    painting.button("erase").click()
    expect(painting.root).to_have_attribute("data-erases", "true")
    mask = painting.stroke((150, 80), (150, 120))
    assert mask[100, 150] == 0
    assert mask[100, 100] == mask[100, 200] == 255
    assert painting.viewer.brush_erases


def test_the_whole_mask_is_inverted_filled_and_cleared(painting):
    mask = painting.stroke((50, 100), (250, 100))
    assert (painting.press_mask("invert") == 255 - mask).all()
    assert (painting.press_mask("fill") == 255).all()
    count = len(painting.masks)
    painting.button("clear").click()
    assert painting.wait_for(painting.masks, count + 1) is None
    assert painting.viewer.mask is None
    assert (painting.press_mask("undo") == 255).all()


def test_keys_and_sliders_change_the_brush(painting):
    painting.stage.focus()
    for key in "]]][":
        painting.page.keyboard.press(key)
    expect(painting.root.locator(".mls-viewer-size .mls-viewer-readout")).to_have_text("29 px")
    painting.page.keyboard.press("e")
    expect(painting.root).to_have_attribute("data-erases", "true")
    painting.root.locator(".mls-viewer-opacity input").press("ArrowLeft")
    expect(painting.root.locator(".mls-viewer-opacity output")).to_have_text("95 %")
    brush = painting.viewer
    painting.wait_until(
        lambda: (brush.brush_size, brush.brush_erases, brush.brush_opacity) == (29, True, 0.95)
    )


def test_a_mask_from_python_is_seen_and_painted_on(painting):
    grey = Image.new("L", (300, 200))
    grey.paste(200, (0, 0, 100, 200))
    buffer = io.BytesIO()
    grey.save(buffer, "PNG")
    before = painting.colour(50, 50)
    painting.viewer.show_mask(buffer.getvalue())
    painting.tell()
    painting.wait_until(lambda: painting.colour(50, 50) != before)
    mask = painting.stroke((200, 100), (220, 100))
    assert (mask[:, :100] == 200).all()
    assert mask[100, 210] == 255


def test_a_finger_paints_and_two_fingers_zoom_without_painting(open_viewer):
    phone = open_viewer(is_phone=True)
    phone.show(file_of((300, 200)), mode="mask")
    phone.viewer.brush_size, phone.viewer.brush_hardness = 20, 1.0
    phone.tell()
    finger = phone.page.context.new_cdp_session(phone.page)

    def touch(kind, *points):
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": places})

    touch("Start", phone.at(100, 100))
    for x in (120, 140, 160):
        touch("Move", phone.at(x, 100))
    touch("End")
    mask = pixels_of(phone.wait_for(phone.masks, 1))
    assert np.abs(np.subtract(edges_of(mask), (90, 90, 170, 110))).max() <= 1

    scale = phone.camera()[0]
    (left, y), (right, _) = phone.at(100, 50), phone.at(200, 50)
    touch("Start", (left, y))
    touch("Start", (left, y), (right, y))
    for more in (10, 20, 30):
        touch("Move", (left - more, y), (right + more, y))
    touch("End")
    assert phone.camera()[0] > 1.2 * scale
    phone.page.wait_for_timeout(100)
    assert len(phone.masks) == 1
    assert phone.root.get_attribute("data-undos") == "1"


# --- zoom and position -------------------------------------------------------------------------
def test_the_wheel_zooms_and_the_point_under_the_cursor_stays(viewer):
    cursor = viewer.at(70, 150)
    viewer.page.mouse.move(*cursor)
    before = viewer.camera()[0]
    for _ in range(3):
        viewer.page.mouse.wheel(0, -200)
    assert viewer.camera()[0] > 2 * before
    assert viewer.place(*cursor) == pytest.approx((70, 150), abs=0.5)
    viewer.page.mouse.wheel(0, 500)
    assert viewer.place(*cursor) == pytest.approx((70, 150), abs=0.5)


def test_a_small_picture_is_shown_large_and_smooth_until_single_pixels_are_meant(open_viewer):
    viewer = open_viewer()
    checks = Image.fromarray((np.indices((64, 64)).sum(0) % 2 * 255).astype("uint8"))
    buffer = io.BytesIO()
    checks.save(buffer, "PNG")
    viewer.show(buffer.getvalue())
    scale, _, top = viewer.camera()
    assert 64 * scale + 2 * top == pytest.approx(viewer.stage.bounding_box()["height"], abs=1)
    assert 6 < scale < 8
    edge = viewer.colour(32, 32.5)[0]
    assert 40 < edge < 215  # between black and white
    viewer.page.mouse.move(*viewer.at(32, 32))
    viewer.page.mouse.wheel(0, -600)
    assert {viewer.colour(32 + step / 10, 32.5)[0] for step in range(10)} <= {0, 255}


def test_dragging_moves_the_picture_but_never_out_of_sight(viewer):
    scale, x, y = viewer.camera()
    viewer.drag((100, 100), (120, 90))
    assert viewer.camera() == pytest.approx([scale, x + 20 * scale, y - 10 * scale], abs=1.5)
    for _ in range(3):
        viewer.drag((10, 190), (290, 10))
    _, x, y = viewer.camera()
    assert x < viewer.stage.bounding_box()["width"] - 40
    assert y + 200 * scale > 40


def test_space_and_drag_move_the_picture_in_the_middle_of_painting(painting):
    scale, x, y = painting.camera()
    painting.stage.focus()
    painting.page.keyboard.down(" ")
    painting.drag((100, 100), (130, 100))
    painting.page.keyboard.up(" ")
    assert painting.camera() == pytest.approx([scale, x + 30 * scale, y], abs=1.5)
    painting.page.wait_for_timeout(50)
    assert painting.masks == []
    assert painting.stroke((100, 100), (110, 100))[100, 105] == 255


def test_double_click_and_key_fit_it_again_and_one_is_one_to_one(viewer):
    fitted = viewer.camera()
    viewer.stage.focus()
    viewer.page.keyboard.press("1")
    assert viewer.camera()[0] == 1
    expect(viewer.root.locator(".mls-viewer-percent")).to_have_text("100 %")
    viewer.page.keyboard.press("0")
    assert viewer.camera() == fitted
    viewer.page.keyboard.press("+")
    viewer.page.keyboard.press("ArrowLeft")
    assert viewer.camera() != fitted
    viewer.page.mouse.dblclick(*viewer.at(150, 100))
    assert viewer.camera() == fitted


def test_the_same_part_stays_in_sight_when_the_picture_comes_back_larger(viewer):
    viewer.page.mouse.move(*viewer.at(70, 150))
    viewer.page.mouse.wheel(0, -500)
    scale, *corner = viewer.camera()
    viewer.show(file_of((600, 400), "blue"))
    assert viewer.camera() == pytest.approx([scale / 2, *corner])
    viewer.show(file_of((200, 400), "blue"))
    assert 400 * viewer.camera()[0] < viewer.stage.bounding_box()["height"]


# --- before and after --------------------------------------------------------------------------
def test_the_split_between_before_and_after_follows_mouse_and_keys(viewer):
    viewer.show(file_of((300, 200), "blue"), file_of((150, 100), "red"), mode="compare")
    red, blue = [255, 0, 0], [0, 0, 255]
    assert [viewer.colour(x, 20) for x in (140, 160)] == [red, blue]
    slider = viewer.root.get_by_role("slider", name="before")
    expect(slider).to_have_attribute("aria-valuenow", "50")
    viewer.drag((150, 100), (75, 100))
    expect(slider).to_have_attribute("aria-valuenow", "25")
    assert [viewer.colour(x, 20) for x in (65, 85)] == [red, blue]
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowLeft"):
        slider.press(key)
    expect(slider).to_have_attribute("aria-valuenow", "35")
    assert [viewer.colour(x, 20) for x in (95, 115)] == [red, blue]
    viewer.page.wait_for_timeout(50)
    assert viewer.viewer.split == pytest.approx(0.35, abs=0.01)
    slider.press("End")
    assert viewer.colour(290, 20) == red
    slider.press("Home")
    assert viewer.colour(10, 20) == blue


def test_a_before_of_another_shape_is_shown_whole_in_its_own(viewer):
    viewer.show(file_of((300, 200), "blue"), file_of((100, 200), "red"), mode="compare")
    viewer.root.get_by_role("slider", name="before").press("End")
    assert viewer.colour(110, 190) == viewer.colour(190, 10) == [255, 0, 0]
    assert [255, 0, 0] != viewer.colour(90, 100) != [0, 0, 255]


def test_without_a_before_compare_says_so_and_shows_the_picture(viewer):
    viewer.button("mode").filter(has_text="Compare").click()
    expect(viewer.root.locator(".mls-viewer-facts")).to_contain_text("Nothing to compare")
    expect(viewer.root.locator(".mls-viewer-split")).to_be_hidden()
    assert viewer.colour(20, 20) == [128, 128, 128]


# --- boxes --------------------------------------------------------------------------------------
def test_a_box_is_moved_and_its_outline_of_before_goes(boxed):
    boxes = boxed.change_boxes(boxed.drag, (70, 70), (80, 60))
    assert boxes[0]["box"] == [50, 30, 110, 90]
    assert boxes[0]["mask"] is None
    assert [box["box"] for box in boxes[1:]] == [[150, 50, 190, 90], [200, 120, 260, 180]]


def test_a_box_is_resized_at_edge_and_corner_and_stays_in_the_picture(boxed):
    boxes = boxed.change_boxes(boxed.drag, (190, 70), (196, 99))
    assert boxes[1]["box"] == [150, 50, 196, 90]
    boxes = boxed.change_boxes(boxed.drag, (260, 180), (299, 260))
    assert boxes[2]["box"] == [200, 120, 299, 200]


def test_boxes_are_ticked_off_reordered_and_removed_in_the_list(boxed):
    rows = boxed.root.locator(".mls-viewer-box")
    boxes = boxed.change_boxes(rows.nth(1).get_by_role("checkbox").uncheck)
    assert [box["enabled"] for box in boxes] == [True, False, True]
    boxes = boxed.change_boxes(rows.nth(2).get_by_label("Draw it earlier").click)
    assert [box["box"][0] for box in boxes] == [40, 200, 150]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Enter")  # the focus went along
    assert [box["box"][0] for box in boxes] == [200, 40, 150]
    boxes = boxed.change_boxes(rows.nth(0).get_by_label("Remove it").click)
    assert [box["box"][0] for box in boxes] == [40, 150]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Control+Z")
    assert [box["box"][0] for box in boxes] == [200, 40, 150]


def test_a_box_has_its_own_prompt_and_strength_or_the_stages(boxed):
    row = boxed.root.locator(".mls-viewer-box").nth(1)
    row.locator(".mls-viewer-name").click()
    prompt = row.get_by_label("Prompt")
    prompt.fill("a hand, five fingers")
    boxes = boxed.change_boxes(prompt.blur)
    assert [box["prompt"] for box in boxes] == [None, "a hand, five fingers", None]
    boxes = boxed.change_boxes(row.get_by_label("Strength", exact=True).press, "ArrowRight")
    assert boxes[1]["denoising_strength"] == pytest.approx(0.45)
    boxes = boxed.change_boxes(row.get_by_label("Use the stage’s strength").click)
    assert boxes[1]["denoising_strength"] is None
    prompt.fill(" ")
    assert boxed.change_boxes(prompt.blur)[1]["prompt"] is None


def test_a_box_is_added_with_the_mouse_and_with_the_keyboard_alone(boxed):
    boxed.button("add").click()
    boxes = boxed.change_boxes(boxed.drag, (20, 120), (80, 180))
    assert boxes[3] == {**boxes[2], "box": [20, 120, 80, 180], "confidence": 1.0}
    boxed.button("add").focus()
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Enter")
    assert boxes[4]["box"] == [113, 75, 188, 125]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Shift+ArrowRight")
    assert boxes[4]["box"] == [123, 75, 198, 125]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Control+ArrowDown")
    assert boxes[4]["box"] == [123, 75, 198, 126]
    assert len(boxed.change_boxes(boxed.page.keyboard.press, "Delete")) == 4


# --- files --------------------------------------------------------------------------------------
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
    expect(alert).to_contain_text("notes.png is no picture that can be opened")
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


# --- what is shown when ---------------------------------------------------------------------------
def test_the_newest_preview_is_shown_until_the_picture_comes(viewer, monkeypatch):
    clock = itertools.count(1000)
    monkeypatch.setattr("widgets.viewer.viewer.monotonic", lambda: next(clock))
    fitted = viewer.camera()
    for colour in ("red", "lime", "blue"):
        viewer.viewer.preview(file_of((30, 20), colour, "JPEG"))
    viewer.tell()
    expect(viewer.root).to_have_attribute("data-shown", "preview")
    assert viewer.colour(100, 100)[2] > 240
    assert viewer.camera() == fitted  # in the place of the picture to come
    viewer.show(file_of((300, 200), "yellow"))
    assert viewer.colour(100, 100) == [255, 255, 0]


def test_a_mask_and_boxes_are_marked_when_another_mode_is_on(viewer):
    marked = viewer.root.locator(".mls-viewer-mode[data-marked=true]")
    expect(marked).to_have_count(0)
    viewer.viewer.show_mask(file_of((300, 200), "white"))
    viewer.viewer.boxes = [{"box": [0, 0, 9, 9]}]
    viewer.tell()
    expect(marked).to_have_text(["Mask", "Boxes"])


def test_while_busy_a_place_is_kept_and_nothing_jumps(open_viewer):
    viewer = open_viewer()
    heights = [viewer.root.bounding_box()["height"]]
    expect(viewer.root).to_have_attribute("data-shown", "empty")
    viewer.viewer.busy = True
    viewer.tell()
    expect(viewer.root.locator(".mls-viewer-skeleton")).to_be_visible()
    expect(viewer.stage).to_have_attribute("aria-busy", "true")
    for mode in ("view", "compare", "mask", "boxes"):
        viewer.show(file_of((300, 200)), mode=mode)
        heights.append(viewer.root.bounding_box()["height"])
    assert len(set(heights)) == 1
    viewer.viewer.clear()
    viewer.tell()
    expect(viewer.root).to_have_attribute("data-shown", "skeleton")


def test_a_second_view_shows_the_same_with_a_zoom_of_its_own(painting):
    painting.stroke((50, 100), (250, 100))
    painting.page.evaluate("window.show()")
    second = Shown(painting.page, painting.bridge)
    second.root = painting.page.locator(".mls-viewer").nth(1)
    second.stage = second.root.locator(".mls-viewer-stage")
    assert second.colour(100, 100) == painting.colour(100, 100) != second.colour(100, 50)
    second.root.scroll_into_view_if_needed()
    scale = painting.camera()[0]
    second.page.mouse.move(*second.at(100, 50))
    second.page.mouse.wheel(0, -300)
    assert second.camera()[0] > scale == painting.camera()[0]
    second.stroke((100, 50), (120, 50))
    assert painting.colour(110, 50) == painting.colour(100, 100)


def test_after_a_reload_picture_mask_and_boxes_are_there_again(boxed):
    boxed.viewer.mode = "mask"
    boxed.tell()
    mask = boxed.stroke((50, 100), (250, 100))
    boxed.page.reload()
    boxed.page.wait_for_function("window.isReady")
    expect(boxed.root).to_have_attribute("data-shown", "picture")
    expect(boxed.root).to_have_attribute("data-mode", "mask")
    assert boxed.colour(100, 100) != boxed.colour(100, 20)
    more = boxed.stroke((50, 20), (60, 20))
    assert (more[40:] == mask[40:]).all()
    boxed.button("mode").filter(has_text="Boxes").click()
    expect(boxed.root.locator(".mls-viewer-box")).to_have_count(3)


# --- everybody can use it -------------------------------------------------------------------------
def test_keys_stay_with_the_viewer_except_those_of_jupyterlab_and_the_browser(painting):
    painting.page.evaluate("""() => {
        window.heard = [];
        document.addEventListener("keydown", (event) => window.heard.push(event.key));
    }""")
    painting.stage.focus()
    for key in ("d", "d", "0", "Escape", "Control+z", "Control+s", "Enter"):
        painting.page.keyboard.press(key)
    # Ctrl itself and Ctrl+S go on.
    assert painting.page.evaluate("window.heard") == ["Control", "Control", "s"]


def test_every_control_has_a_name_and_a_tooltip(boxed):
    for mode in ("view", "compare", "mask", "boxes"):
        boxed.viewer.mode = mode
        boxed.tell()
        for button in boxed.root.locator(".mls-viewer-button:visible").all():
            assert button.get_attribute("aria-label")
            assert button.get_attribute("title")
        for control in boxed.root.locator("input:visible, textarea:visible").all():
            named = "(one) => one.ariaLabel || one.labels[0]?.textContent"
            assert control.evaluate(named)


def test_on_a_phone_nothing_is_wider_than_the_screen(open_viewer):
    phone = open_viewer(is_phone=True)
    phone.viewer.boxes = [{"label": "face", "box": [40, 40, 100, 100]}]
    for mode in ("view", "compare", "mask", "boxes"):
        phone.show(file_of((300, 200)), mode=mode)
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert phone.stage.bounding_box()["height"] > 180
    canvas = phone.stage.locator("canvas")
    assert canvas.evaluate("one => getComputedStyle(one).touchAction") == "none"
    assert phone.stage.evaluate("one => getComputedStyle(one).touchAction") == "auto"
