"""A real JupyterLab in a real Chromium, both of this session alone.

The readiness rules come from measuring: the kernel shows "idle" before there is one, and a
"Run All" before it is connected is dropped without a word.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Seconds. Cold caches on two busy cores: a server takes 10, a kernel as long again.
STARTUP = 120

VIEWPORT = {"width": 1280, "height": 900}

# No news popup, no update check, no autosave in the middle of a test.
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}

# Runs code in that notebook's kernel, and waits until it is through.
IN_KERNEL = """async ([path, code]) => {
  const open = [...window.jupyterapp.shell.widgets("main")];
  const { kernel } = open.find((one) => one.context?.path === path).sessionContext.session;
  const { content } = await kernel.requestExecute({ code }).done;
  if (content.status !== "ok") throw new Error(`${content.ename}: ${content.evalue}`);
}"""

# Waits for a kernel that answers, then collects what it says of errors.
OPENED = """async (path) => {
  const app = window.jupyterapp;
  await app.restored;
  let found;
  for (let tries = 0; tries < 600 && !found; tries++) {
    found = [...app.shell.widgets("main")].find((one) => one.context?.path === path);
    if (!found) await new Promise((go) => setTimeout(go, 100));
  }
  if (!found) throw new Error(`${path} is not open`);
  await found.revealed;
  await found.context.ready;
  await found.sessionContext.ready;
  window.kernelSaid = [];
  found.sessionContext.iopubMessage.connect((_, message) => {
    const { header, content } = message;
    if (header.msg_type === "error") window.kernelSaid.push(content.traceback.join("\\n"));
    // JupyterLab asks a fresh kernel for widgets of before; without ipywidgets it does not know.
    const isLabsProbe = /^(No such comm.*\\n)+$/.test(content.text);
    // ipykernel may end the loop of JupyterLab's subshell with a call of its own in it.
    const isLoopsEnd = /_async_in_context\\.<locals>\\.run_in_context/.test(content.text);
    if (header.msg_type === "stream" && content.name === "stderr" && !isLabsProbe && !isLoopsEnd)
      window.kernelSaid.push(content.text);
  });
  for (let tries = 0; tries < 600; tries++) {
    const kernel = found.sessionContext.session?.kernel;
    if (kernel?.connectionStatus === "connected" && kernel.status === "idle") {
      await kernel.info;
      return;
    }
    await new Promise((go) => setTimeout(go, 100));
  }
  throw new Error("no kernel is connected");
}"""


@pytest.fixture(scope="session")
def chromium():
    """Where Chromium is. Its absence is a failure where CI promises it."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        message = "no Chromium; install it, e.g. apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def browser(chromium):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def lab(tiny_checkout, tiny_environment, tmp_path_factory):
    """A JupyterLab server of its own over the checkout with the tiny checkpoint; gives its URL."""
    home = tmp_path_factory.mktemp("jupyter")
    settings = home / "config" / "labconfig" / "default_setting_overrides.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(LAB_SETTINGS))
    token, port = secrets.token_hex(16), _free_port()
    environment = tiny_environment | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={tiny_checkout}",
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
    ]
    log = home / "server.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=tiny_checkout, env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as server,
    ):
        try:
            _wait_for(port, server, log)
            yield f"http://127.0.0.1:{port}", token
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture
def pictures_folder(tmp_path):
    """Where screenshots go: `UI_SCREENSHOTS` if it is set, else the test's own folder."""
    folder = Path(os.environ.get("UI_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fresh_page(browser):
    """A page that shares nothing with another."""
    page = browser.new_context(viewport=VIEWPORT).new_page()
    page.set_default_timeout(60_000)
    return page


@pytest.fixture
def page(browser, pictures_folder, request):
    """A fresh page; what it looked like at the end is kept."""
    opened = _fresh_page(browser)
    yield opened
    opened.screenshot(path=pictures_folder / f"{request.node.name}.png")
    opened.context.close()


@pytest.fixture
def lora(tiny_checkout):
    """The name of a LoRA: made for the tiny checkpoint, or one of the models at hand."""
    folder = tiny_checkout / "models" / "loras"
    found = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not found:
        torch = pytest.importorskip("torch")
        save_file = pytest.importorskip("safetensors.torch").save_file
        name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
        found = [folder / "ink.safetensors"]
        folder.mkdir(parents=True)
        down, up = torch.ones(4, 32), torch.full((32, 4), 0.1)
        save_file({f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}, found[0])
    return found[0].stem


@pytest.fixture(scope="module")
def open_notebook(lab, browser):
    """Opens a notebook in JupyterLab, in a fresh page with a connected kernel, ready to run.

    What it opened before is closed, and its kernel, a process with a model in it, is ended.
    """
    url, token = lab
    with ExitStack() as opened:

        def open_it(path):
            opened.close()
            opened.callback(_end_kernels, url, token)
            page = _fresh_page(browser)
            opened.callback(page.context.close)
            page.goto(f"{url}/lab/tree/{path}?reset&token={token}", timeout=STARTUP * 1000)
            page.wait_for_function("window.jupyterapp !== undefined", timeout=STARTUP * 1000)
            page.evaluate(OPENED, path)
            return page

        yield open_it


def _end_kernels(url, token):
    """Asked of the server, since a page of a failed test may answer nothing any more."""

    def ask(path, method="GET"):
        headers = {"Authorization": f"token {token}"}
        request = Request(f"{url}/api/{path}", headers=headers, method=method)  # noqa: S310 - http
        with urlopen(request, timeout=STARTUP) as answer:  # noqa: S310 - http
            return answer.read()

    for session in json.loads(ask("sessions")):
        ask(f"sessions/{session['id']}", "DELETE")


@pytest.fixture(scope="module")
def desk(open_notebook, tiny_checkout):
    """Where the studio's notebook is open, for all tests of a file."""
    from tests.ui.desk import Desk  # playwright may be missing

    return Desk(open_notebook, tiny_checkout / "outputs")


@pytest.fixture
def lent(desk, pictures_folder, request):
    """`lent()` is the panel of studio.ipynb; what it looked like at the end is kept."""
    failed, panels, asked = request.session.testsfailed, [], {}

    def lend(**how):
        asked.update(how)
        panels.append(desk.begin(**how))
        return panels[-1]

    yield lend
    (panel,) = panels
    panel.page.screenshot(path=pictures_folder / f"{request.node.name}.png")
    said = panel.page.evaluate("window.kernelSaid")
    assert said == [], "".join(said)
    # A page of its own stays its own: one that was loaded again in mid-run once waited for ever
    # for the kernel's answer to what the next test asked.
    if request.session.testsfailed == failed and not asked.get("fresh"):
        desk.keep(panel.page)


@pytest.fixture
def studio(lent):
    return lent()


@pytest.fixture
def fresh_studio(lent):
    return lent(fresh=True)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port, server, log):
    end = time.monotonic() + STARTUP
    while time.monotonic() < end:
        assert server.poll() is None, f"JupyterLab ended: {log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"JupyterLab did not answer in {STARTUP} s: {log.read_text()}")
