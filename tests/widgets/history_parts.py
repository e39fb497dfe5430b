"""A history of two pictures, with a canvas beside it, and what its tests ask of it."""

from PIL import Image

from medialab.artifacts import ArtifactManager
from medialab.config.resolved import ResolvedConfig
from widgets.history_actions import HistoryActs
from widgets.history_panel import HistoryPanel

PROMPTS = {"a green tree": 7, "a red car": 8}


class Acts:
    """The rest of the studio: a canvas that shows one picture's file."""

    def __init__(self):
        self.path, self.started, self.used, self.compared = None, [], 0, []
        self.done, self.errors = [], []
        self.acts = HistoryActs(
            self.look,
            self.started.append,
            self.use,
            lambda *what: self.compared.append(what),
            lambda: self.show(None),
            lambda: self.done.append("differ"),
            lambda: self.done.append("check"),
            lambda old, new: self.done.append((old, new)) or 2,
        )

    def look(self, artifact):
        artifact.path.read_bytes()
        self.show(artifact.path)

    def show(self, path):
        self.path = path
        self.history.mark(path)

    def use(self):
        self.used += 1


def two_pictures(folder):
    """Return the pictures of a folder after two are saved: a green tree, a red car."""
    artifacts = ArtifactManager(folder)
    for prompt, seed in PROMPTS.items():
        config = ResolvedConfig(
            prompt=prompt, seed=seed, width=64, height=64, checkpoint_sha256="a" * 64
        )
        artifacts.save(Image.new("RGB", (64, 64), "red"), config, {})
    return artifacts


def history_of(artifacts, canvas):
    """Return the panel over these pictures, the newest first."""
    panel = canvas.history = HistoryPanel(
        artifacts, canvas.acts, lambda error, _: canvas.errors.append(error)
    )
    panel.begin()
    return panel


def titles(history):
    return [entry.title for entry in history._entries(history.gallery.ids)]


def name(history, title):
    return next(one.id for one in history._entries(history.gallery.ids) if one.title == title)


def select(history, *chosen):
    history.gallery.select([name(history, title) for title in chosen])


def told(history):
    return history.gallery.notice["text"]
