"""The viewer's JavaScript in a bare page: a real canvas and pointer, and the real Python half.

There is no Jupyter between them: `Bridge` carries their messages as its comm would.
"""

import base64
import io
import json
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from tests.ui.bare import THEMES, wait_until
from widgets.viewer import Viewer

# A model as anywidget hands it to the module; its messages go to Python as requests, a line of JSON
# and then the bytes, and what Python sends back is the answer.
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/viewer.css">
<style>html, body { height: 100%; margin: 0; box-sizing: border-box; }
body { padding: 8px; THEME }</style>
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
        self.theme = "light"
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
            "/": (PAGE.replace("THEME", THEMES[self.theme]), "text/html"),
            "/viewer.js": (str(Viewer._esm), "text/javascript"),
            "/viewer.css": (Viewer._css, "text/css"),
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

    def in_menu(self, name):
        """A tool, after opening the bar's menu if it stands there."""
        tool = self.root.locator(f".mls-viewer-{name}")
        if not tool.is_visible():
            self.button("more").click()
        return tool

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
        wait_until(self.page, holds, seconds)

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
        """What the canvas shows at a place of the picture, once what is asked for is drawn."""
        self.page.evaluate("() => new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")
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
