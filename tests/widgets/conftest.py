"""A studio over the tiny checkpoint, closed again, and a finger for its buttons."""

import pytest

from medialab import PipelineConfig, Workbench
from widgets import Studio
from widgets.catalogue import Catalogue
from widgets.input_context import InputContext


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
        next(part for part in parts_of(panel) if f"mls-{name}" in part._dom_classes).click()

    return press


@pytest.fixture
def press(studio, press_in):
    """Press the studio's button of this name."""
    return lambda name: press_in(studio, name)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """What a form gives to its inputs: one style, a base, a canvas; any error fails the test."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "models").mkdir()
    (folder / "models" / "styles.csv").write_text("name,prompt,negative_prompt\nink,ink,\n")
    with Workbench(models=folder / "models", outputs=folder / "outputs") as bench:
        catalogue = Catalogue(bench)
        catalogue.refresh()
        base = {"prompt": "a cat", "steps": 33}
        yield InputContext(
            catalogue,
            lambda error, trace: pytest.fail(trace),
            lambda word: None,
            lambda: "0" * 64,
            lambda: "1" * 64,
            base.get,
        )


@pytest.fixture
def drawn(studio):
    """The studio with a picture of its own."""
    studio.fill(PipelineConfig(prompt="a green tree", seed=7, steps=2))
    studio.generate()
    studio.wait(120)
    return studio
