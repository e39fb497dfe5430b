"""A studio over the tiny checkpoint, closed again, and a finger for its buttons."""

import pytest

from medialab import PipelineConfig, Workbench
from tests.widgets.history_parts import PROMPTS, Acts, history_of, two_pictures
from widgets import Studio
from widgets.batch_marks import BatchActs
from widgets.batch_panel import BatchPanel
from widgets.viewer import Viewer


@pytest.fixture
def studio(bench):
    panel = Studio(bench)
    yield panel
    panel.close()


@pytest.fixture
def studio_over(tmp_path):
    """Opens the studio over a models folder, and closes it and its workbench."""
    opened = []

    def open_studio(models):
        bench = Workbench(models=models, outputs=tmp_path / "outputs", device="cpu")
        opened.append(Studio(bench))
        return opened[-1]

    yield open_studio
    for panel in opened:
        panel.close()
        panel.bench.close()


@pytest.fixture
def parts_of():
    """A widget and all that it contains."""

    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    return walk


@pytest.fixture
def press_in(parts_of):
    """Press the button of this name in a panel, as the browser would."""

    def press(panel, name):
        if name in {"generate", "cancel"}:
            message = {"kind": name, "what": "batch"}
            panel.making.button._handle_custom_msg(message, [])
            return
        next(part for part in parts_of(panel) if f"mls-{name}" in part._dom_classes).click()

    return press


@pytest.fixture
def press(studio, press_in):
    """Press the studio's button of this name."""
    return lambda name: press_in(studio, name)


@pytest.fixture
def drawn(studio):
    """The studio with a picture of its own."""
    studio.fill(PipelineConfig(prompt="a green tree", seed=7, steps=2))
    studio.generate()
    studio.wait(120)
    return studio


@pytest.fixture
def artifacts(tmp_path):
    """The pictures of a folder with a green tree and, newer, a red car."""
    return two_pictures(tmp_path / "outputs")


@pytest.fixture
def canvas():
    """The canvas beside the history."""
    return Acts()


@pytest.fixture
def history(artifacts, canvas):
    """The panel of the history over these two pictures."""
    return history_of(artifacts, canvas)


@pytest.fixture
def studio_history(studio):
    """The same in a studio."""
    for prompt, seed in PROMPTS.items():
        studio.bench.execute(PipelineConfig(prompt=prompt, seed=seed, steps=1))
    return studio.history


@pytest.fixture
def begun(bench):
    """Begins a batch of tiny pictures over the tiny checkpoint; `make=True` makes them, too."""

    def begin(axes, name="poster", *, make=False, **base):
        small = {"steps": 1, "width": 64, "height": 64, "prompt": "a doll", "seed": 3}
        config = PipelineConfig.parse({**small, **base})
        batch = bench.sweep(config, axes, name=name)
        return batch.run() if make else batch

    return begin


@pytest.fixture
def panel_of(bench):
    """Makes the panel of a batch on a viewer of its own; its runs are stopped at the end."""
    made = []

    def make(batch=None, **acts):
        panel = BatchPanel(
            bench.artifacts, Viewer(), BatchActs(**acts), lambda error, trace: pytest.fail(trace)
        )
        made.append(panel)
        if batch is not None:
            panel.open(batch)
        return panel

    yield make
    for panel in made:
        for name, making in panel.made_here.items():
            panel.stop(name)
            making.run.wait(60)
