"""How long ten thousand pictures take to look through; printed (`pytest -s`), never asserted."""

import time
from datetime import date

import pytest
from PIL import Image

from medialab.artifacts import ArtifactManager, Query, Sidecar
from medialab.artifacts.sidecar import PictureFacts
from medialab.config.resolved import ResolvedConfig

PICTURES, DAYS = 10_000, 100


@pytest.fixture
def manager(tmp_path):
    """Ten thousand pictures of a hundred days; the index goes by the sidecars alone."""
    facts = PictureFacts(sha256="a" * 64, width=512, height=512)
    for day in range(DAYS):
        folder = tmp_path / f"2026-{1 + day // 28:02}-{1 + day % 28:02}"
        folder.mkdir()
        for number in range(PICTURES // DAYS):
            config = ResolvedConfig(
                prompt=f"a portrait of a smiling person with red hair, in a meadow, {number} {day}",
                width=512,
                height=512,
                seed=number,
                checkpoint_sha256="b" * 64,
                models_sha256={f"lora/style {number % 7}": "c" * 64},
            )
            sidecar = Sidecar(
                created=f"{folder.name}T12:00:00.{number:06}+00:00",
                config=config,
                record={},
                image=facts,
                tags=("portrait", f"tag {number % 5}"),
                stars=number % 6,
            )
            (folder / f"{number:05}-x.json").write_bytes(sidecar.encode())
            (folder / f"{number:05}-x.png").touch()
    time.sleep(3.1)  # until the folders count as settled
    return ArtifactManager(tmp_path)


def milliseconds(work):
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000  # of our own: others may be busy too


@pytest.mark.slow
def test_ten_thousand_pictures_are_looked_through(manager, tmp_path):
    Image.effect_noise((1024, 1024), 64).convert("RGB").save(next(tmp_path.glob("*/00000-x.png")))
    first = milliseconds(manager.count)
    queries = {
        "all": Query(),
        "words": Query(text="smiling meadow"),
        "everything": Query(
            text="meadow", tags=("tag 3",), lora="style 2", since=date(2026, 2, 1), least_stars=2
        ),
        "nothing": Query(text="nowhere"),
    }
    print(f"\nfirst {first / 1000:.1f} s")
    for name, query in queries.items():
        page = milliseconds(lambda query=query: manager.find(query, limit=100, offset=200))
        every = milliseconds(lambda query=query: manager.find(query, limit=PICTURES))
        count = milliseconds(lambda query=query: manager.count(query))
        print(f"{name}: page {page:.0f}, every {every:.0f}, count {count:.0f} ms")
    choices = milliseconds(manager.choices)
    path = next(tmp_path.glob("*/00000-x.png"))
    made, read = (milliseconds(lambda: manager.thumbnail(path)) for _ in range(2))
    print(f"choices {choices:.0f} ms; thumbnail of 1024²: made {made:.0f}, read {read:.1f} ms")
