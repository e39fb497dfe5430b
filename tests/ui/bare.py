"""A widget's JavaScript in a page without Jupyter, with the real widget in Python behind it.

The page's model stands in for ipywidgets': it keeps the traits, and each change or message goes to
the Python widget, whose answers come back, bytes too. No kernel, and a second or two for a test.
"""

import base64
import json
import time

ORIGIN = "http://bare.test"
_OF_JUPYTER = ("layout", "tabbable", "tooltip")

# Answers come back in the order of the questions, as over a comm.
_SCRIPT = """
import widget from "./widget.js";
const traits = TRAITS;
const listeners = {};
const unsaved = new Set();
let last = Promise.resolve();
const call = (name, ...what) => (listeners[name] || []).slice().forEach((one) => one(...what));
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const textOf = (buffer) => {
  const all = new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < all.length; at += 8192)
    text += String.fromCharCode(...all.subarray(at, at + 8192));
  return btoa(text);
};
const differs = (one, other) => JSON.stringify(one) !== JSON.stringify(other);
window.hear = (answers) => answers.forEach(({ state, content, buffers }) => {
  if (!state) return call("msg:custom", content, buffers.map(bytes));
  const changed = Object.keys(state).filter((name) => differs(traits[name], state[name]));
  Object.assign(traits, state);
  changed.forEach((name) => call(`change:${name}`));
});
let asked = 0;
const tell = (message) => {
  asked += 1;
  last = last.then(() => window.python(message)).then(window.hear).finally(() => (asked -= 1));
};
window.idle = () => asked === 0;
const model = {
  get: (name) => traits[name],
  set: (name, value) => {
    if (!differs(traits[name], value)) return;
    traits[name] = value;
    unsaved.add(name);
    call(`change:${name}`);
  },
  save_changes: () => {
    const state = Object.fromEntries([...unsaved].map((name) => [name, traits[name]]));
    unsaved.clear();
    if (Object.keys(state).length) tell({ method: "update", state });
  },
  on: (name, act) => (listeners[name] ||= []).push(act),
  off: (name, act) => (listeners[name] = (listeners[name] || []).filter((one) => one !== act)),
  send: (content, _callbacks, buffers = []) =>
    tell({ method: "custom", content, buffers: buffers.map(textOf) }),
};
window.listening = () => Object.values(listeners).flat().length;
window.show = (id) => widget.render({ model, el: document.getElementById(id) });
window.end = window.show("widget");
window.isReady = true;
"""

# JupyterLab's own values of these, light and dark.
THEMES = {
    "light": """background: white;
        --jp-ui-font-color1: rgba(0, 0, 0, 0.87); --jp-ui-font-color2: rgba(0, 0, 0, 0.54);
        --jp-ui-inverse-font-color1: rgba(255, 255, 255, 1);
        --jp-layout-color1: white; --jp-layout-color2: #eeeeee;
        --jp-border-color1: #bdbdbd; --jp-border-color2: #e0e0e0; --jp-brand-color1: #1976d2""",
    "dark": """color-scheme: dark; background: #111111;
        --jp-ui-font-color1: rgba(255, 255, 255, 0.87);
        --jp-ui-font-color2: rgba(255, 255, 255, 0.54);
        --jp-ui-inverse-font-color1: rgba(0, 0, 0, 0.8);
        --jp-layout-color1: #212121; --jp-layout-color2: #424242;
        --jp-border-color1: #616161; --jp-border-color2: #424242; --jp-brand-color1: #2196f3""",
}


def type_at_once(field, text):
    """Type letters as a quick hand does: no pause between them lets a timer end."""
    field.focus()
    field.evaluate(
        """(_, letters) => {
          for (const letter of letters) document.execCommand("insertText", false, letter);
        }""",
        text,
    )


def wait_until(page, holds, seconds=20):
    """Wait until this holds; a busy machine may take a while."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        page.wait_for_timeout(10)
    assert holds()


class BarePage:
    """A page that shows one widget in its element `#widget`; `html` is what stands around it.

    `sent` is what the browser has sent to Python. What a test changes in Python is seen by the page
    after `pump`.
    """

    def __init__(
        self, browser, widget, *, html='<div id="widget"></div>', theme="light", size=(900, 700)
    ):
        self.sent = []
        self._widget = widget
        self._answers = []
        widget.comm = self  # it needs no more of a comm than `send` and `on_msg`
        self._context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page = self._context.new_page()
        self.page.set_default_timeout(10_000)
        self._errors = []
        self.page.on("pageerror", lambda error: self._errors.append(str(error)))
        self.page.expose_function("python", self._python)
        script = _SCRIPT.replace("TRAITS", json.dumps(self._traits()))
        style = f"body {{ margin: 16px; {THEMES[theme]} }} {widget._css}"
        shell = (
            f"<!doctype html><meta charset=utf-8><style>{style}</style>{html}"
            f"<script type=module>{script}</script>"
        )
        files = {"widget.js": (str(widget._esm), "text/javascript"), "": (shell, "text/html")}

        def serve(route):
            body, kind = files[route.request.url.removeprefix(f"{ORIGIN}/")]
            route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

        self.page.route(f"{ORIGIN}/", serve)
        self.page.route(f"{ORIGIN}/widget.js", serve)
        self.page.goto(f"{ORIGIN}/")
        self.page.wait_for_function("window.isReady")

    def __enter__(self):
        return self

    def __exit__(self, *fault):
        errors = self._errors
        self._context.close()
        if fault[0] is None:
            assert errors == [], "".join(errors)

    def pump(self):
        """Bring to the page what was changed or sent in Python since."""
        self.page.evaluate("answers => window.hear(answers)", self._take())

    # --- the widget's comm ------------------------------------------------------------------------
    comm_id = "bare"

    def on_msg(self, callback):
        self._hear = callback

    def send(self, data=None, metadata=None, buffers=None):
        if data["method"] == "update":
            self._answers.append({"state": data["state"]})
        elif data["method"] == "custom":
            texts = [base64.b64encode(content).decode() for content in buffers or ()]
            self._answers.append({"content": data["content"], "buffers": texts})

    def _python(self, message):
        buffers = [base64.b64decode(text) for text in message.pop("buffers", ())]
        self.sent.append(message)
        self._hear({"content": {"data": {"buffer_paths": [], **message}}, "buffers": buffers})
        return self._take()

    def _take(self):
        answers, self._answers = self._answers, []
        return answers

    def _traits(self):
        names = [name for name in self._widget.keys if not name.startswith("_")]
        return self._widget.get_state([name for name in names if name not in _OF_JUPYTER])
