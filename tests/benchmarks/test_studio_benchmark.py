"""How long the studio's panel takes to draw in a kernel, and of how many widget models it is."""

import ast
import os
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

MODELS = Path(__file__).resolve().parents[2] / "models"
MOST_MODELS = 400  # each is a message, and some milliseconds of the page
MOST_SECONDS = 1.0
SECONDS = 120
# The page asks for the panel by its display; what it needs for that is part of the time.
BUILD = """
import time
from medialab import Workbench
from widgets import Studio
from ipywidgets.widgets import widget as widgets_of
began = time.perf_counter()
with_bench = Workbench(models={models!r}, outputs={outputs!r}, device="cpu")
studio = Studio(with_bench)
display(studio)
print((time.perf_counter() - began, len(widgets_of._instances)))
"""


@pytest.mark.thorough
def test_the_panel_is_drawn_in_a_second_and_is_of_few_models(keep, gates, tmp_path):
    code = BUILD.format(models=str(MODELS), outputs=str(tmp_path / "outputs"))
    manager, client = start_new_kernel(env=os.environ | {"IPYTHONDIR": str(tmp_path)})
    said = []

    def hear(message):
        if message["msg_type"] in {"stream", "error"}:
            said.append(message["content"])

    try:
        # The second time everything is imported and compiled, as it is from the second cell on.
        for again in ("", "studio.close(); with_bench.close()"):
            reply = client.execute_interactive(again + code, timeout=SECONDS, output_hook=hear)
            assert reply["content"]["status"] == "ok", said
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    # A kernel may send a printed line in several messages.
    printed = "".join(one["text"] for one in said if one.get("name") == "stdout")
    figures = [ast.literal_eval(line) for line in printed.splitlines()]
    (first, models), (again, _) = figures
    keep(
        f"the studio's panel: {models} widget models; first {first:.2f} s, again {again:.2f} s",
        models=models,
        first=first,
        again=again,
    )
    assert models <= MOST_MODELS
    if gates:
        assert first <= MOST_SECONDS
