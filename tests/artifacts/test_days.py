"""What lies in the folder of a day: pairs of ours, and what is left out."""

from PIL import PngImagePlugin

from medialab.artifacts import Artifact, ArtifactManager
from tests.artifacts.pictures import config, image


def test_foreign_files_are_passed_over(manager, outputs):
    saved = manager.save(image(), config(), {})
    (outputs / "README.md").write_text("mine")
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a cat\nSteps: 3, Seed: 4, Size: 64x64")
    image().save(saved.path.parent / "holiday.png", pnginfo=text)
    (saved.path.parent / "notes.partial").write_text("mine")
    ArtifactManager(outputs)
    assert manager.find() == [saved]
    assert isinstance(manager.find()[0], Artifact)
    assert manager.load(saved.path.parent / "holiday.png").steps == 3
    assert (saved.path.parent / "notes.partial").exists()


def test_a_copy_beside_its_picture_is_found_too(manager):
    saved = manager.save(image(), config(prompt="a cat"), {})
    for suffix in (".png", ".json"):
        original = saved.path.with_suffix(suffix)
        (original.parent / f"{original.stem}-copy{suffix}").write_bytes(original.read_bytes())
    assert len(manager.find("cat")) == 2
