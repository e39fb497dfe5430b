"""How long 25,000 pictures take to look through.

Seconds are printed and kept (`pytest -s`). What is asserted is a ratio on the same machine: a
search may cost so many times what SQLite takes to count the rows, whoever else is busy.
"""

import sqlite3
import time
from contextlib import closing
from datetime import date

import pytest
from PIL import Image

from medialab.artifacts import ArtifactManager, Query, Sidecar
from medialab.artifacts.sidecar import PictureFacts
from medialab.artifacts.table import query_of
from medialab.config.resolved import ResolvedConfig

PICTURES, DAYS = 25_000, 250


def _template():
    """A sidecar with <names> in place of what differs: writing 25,000 takes seconds then."""
    config = ResolvedConfig(
        prompt="a portrait of a smiling person with red hair, in a meadow, <SEED> <DAY>",
        width=512,
        height=512,
        seed=123_456,
        checkpoint_sha256="b" * 64,
        models_sha256={"lora/style <STYLE>": "c" * 64},
    )
    sidecar = Sidecar(
        created="2026-01-01T12:00:00.123456+00:00",
        config=config,
        record={},
        image=PictureFacts(sha256="a" * 64, width=512, height=512),
        tags=("portrait", "tag <TAG>"),
        stars=5,
    )
    text = sidecar.encode().decode()
    for given, named in (
        ('"seed": 123456', '"seed": <SEED>'),
        ('"stars": 5', '"stars": <STARS>'),
        ("2026-01-01T", "<DAY>T"),
    ):
        text = text.replace(given, named)
    return text


TEMPLATE = _template()


@pytest.fixture
def manager(tmp_path):
    """25,000 pictures of 250 days; the index goes by the sidecars alone."""
    for day in range(DAYS):
        folder = tmp_path / f"2026-{1 + day // 28:02}-{1 + day % 28:02}"
        folder.mkdir()
        for number in range(PICTURES // DAYS):
            content = TEMPLATE
            values = {"DAY": folder.name, "SEED": number, "STYLE": number % 7, "STARS": number % 6}
            for name, value in (values | {"TAG": number % 5}).items():
                content = content.replace(f"<{name}>", str(value))
            stem = f"{number + 1:05}-{number}-x"
            (folder / f"{stem}.json").write_text(content)
            (folder / f"{stem}.png").touch()
    time.sleep(3.1)  # until the folders count as settled
    return ArtifactManager(tmp_path)


def milliseconds(work):
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000  # of our own: others may be busy too


def quickest(work, rounds=3):
    return min(milliseconds(work) for _ in range(rounds))


@pytest.mark.slow
@pytest.mark.thorough
def test_25_000_pictures_are_looked_through(manager, tmp_path, keep, gates):
    Image.effect_noise((1024, 1024), 64).convert("RGB").save(next(tmp_path.glob("*/00001-*.png")))
    first = milliseconds(manager.count)
    queries = {
        "all": Query(),
        "words": Query(text="smiling meadow"),
        "everything": Query(
            text="meadow", tags=("tag 3",), lora="style 2", since=date(2026, 2, 1), least_stars=2
        ),
        "a setting": Query(text="seed:7 steps:>10"),
        "by stars": Query(order="stars"),
        "nothing": Query(text="nowhere"),
    }
    print(f"\nfirst {first / 1000:.1f} s")
    slowest = 0
    for name, query in queries.items():
        page = quickest(lambda query=query: manager.find(query, limit=100, offset=200))
        names = quickest(lambda query=query: manager.names(query))
        count = quickest(lambda query=query: manager.count(query))
        slowest = max(slowest, names)
        print(f"{name}: page {page:.0f}, names of all {names:.0f}, count {count:.0f} ms")
    tables = {
        "table of all": query_of(),
        "table of a tag": query_of(tag="tag 3"),
        "table of a LoRA and a seed": query_of(lora="style 2", seed=7),
        "table of words": query_of("smiling meadow steps:>10"),
    }
    tabled = 0
    for name, query in tables.items():
        took = quickest(lambda query=query: manager.table(query))
        tabled = max(tabled, took)
        print(f"{name}: {len(manager.table(query)):,} rows, {took:.0f} ms")
    everything = manager.names()
    assert len(everything) == PICTURES
    shown = quickest(lambda: manager.look_up(everything[20_000:20_060]))
    choices = quickest(manager.choices)
    path = next(tmp_path.glob("*/00001-*.png"))
    made, read = (milliseconds(lambda: manager.thumbnail(path)) for _ in range(2))
    with closing(sqlite3.connect(tmp_path / "index.sqlite")) as connection:
        scan = "SELECT count(*) FROM pictures WHERE length(words) + length(settings) < 0"
        base = quickest(lambda: connection.execute(scan).fetchone())
    keep(
        f"60 in the middle {shown:.0f}, choices {choices:.0f} ms; thumbnail of 1024²: made "
        f"{made:.0f}, read {read:.1f} ms; slowest filter {slowest:.0f} ms, slowest table "
        f"{tabled:.0f} ms, a scan {base:.0f} ms",
        first=first,
        slowest_filter=slowest,
        slowest_table=tabled,
        shown=shown,
        scan=base,
    )
    if gates:
        assert slowest < 12 * base
        assert shown < base
        assert tabled < 40 * base
