import pytest


@pytest.fixture
def wildcards(tmp_path):
    folder = tmp_path / "wildcards"
    (folder / "hair").mkdir(parents=True)
    (folder / "colour.txt").write_text("# three\nred\n\n  blue  \ngreen\n", encoding="utf-8")
    (folder / "hair" / "long_style.txt").write_text("__colour__ braid\n{long|wavy} hair\n")
    (folder / "circle.txt").write_text("a __circle__\n")
    (folder / "growing.txt").write_text("__growing__ __growing__ __growing__\n")
    (folder / "empty.txt").write_text("# nothing\n\n")
    (folder / "latin.txt").write_bytes(b"caf\xe9\n")
    (folder / "odds.txt").write_text(
        "0::never\n0.25::seldom # of four\n.75 :: no odds\n.75::often\n"
    )
    (folder / "animals").mkdir()
    (folder / "animals" / "cats.txt").write_text("lynx\ntabby\n")
    (folder / "animals" / "colour.txt").write_text("roan\n")
    (folder / "artists (old).txt").write_text("Mina\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    return folder
