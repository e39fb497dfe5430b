"""The language of a search: each line of its table, and what it refuses."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab.artifacts import Query, Sidecar
from medialab.artifacts.search import Term, settings_of, terms_of
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ArtifactError
from tests.examples import examples

SAVED = {
    "meadow": {
        "prompt": "a red ball in a meadow",
        "negative_prompt": "rain",
        "seed": 7,
        "sampler": "Euler a",
        "steps": 12,
        "models_sha256": {"lora/styles/ink-wash": "b" * 64, "embedding/mina": "d" * 64},
        "face": {"enabled": True, "denoising_strength": 0.4, "prompt": "a smiling face"},
    },
    "night": {
        "prompt": "ball, red moon",
        "seed": 17,
        "sampler": "DPM++ 2M",
        "steps": 30,
        "guidance_scale": 7.5,
        "checkpoint": "dolls",
    },
}


@pytest.fixture
def found(manager, save):
    """Names of the pictures that a text finds."""
    made = {save(**settings).path: name for name, settings in SAVED.items()}
    for path, name in made.items():
        manager.annotate(path, tags=[f"{name} view"], stars=len(name) % 4)
    return lambda text: {made[one.path] for one in manager.find(text)}


BOTH = {"meadow", "night"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", BOTH),
        ("red ball", BOTH),
        ('"red ball"', {"meadow"}),
        ("ball -meadow", {"night"}),
        ('-"red ball"', {"night"}),
        ("RAIN", {"meadow"}),
        ("smiling", {"meadow"}),
        ("euler", {"meadow"}),
        ("ink-wash", {"meadow"}),
        ("mina", {"meadow"}),
        ("17", {"night"}),
        ("seed:7", {"meadow"}),
        ("-seed:7", {"night"}),
        ("Sampler:EULER", {"meadow"}),
        ('sampler:"euler a"', {"meadow"}),
        ("lora:ink", {"meadow"}),
        ("-lora:ink", {"night"}),
        ("embedding:mina", {"meadow"}),
        ("model:dolls", {"night"}),
        ("checkpoint:paper", {"meadow"}),
        ("negative:rain", {"meadow"}),
        ("prompt:rain", set()),
        ("steps:12", {"meadow"}),
        ("steps:>12", {"night"}),
        ("steps:>=12", BOTH),
        ("steps:<30", {"meadow"}),
        ("steps:<=30", BOTH),
        ("steps:10..20", {"meadow"}),
        ("cfg:7.5", {"night"}),
        ("size:64x64", BOTH),
        ("size:64×64 steps:30", {"night"}),
        ("tag:view", BOTH),
        ('tag:"night view"', {"night"}),
        ("stars:>=2", {"meadow"}),
        ("file:00002", {"night"}),
        ("date:2020", set()),
        ("date:20", BOTH),
        ("stage:face", {"meadow"}),
        ("face.denoising_strength:0.4", {"meadow"}),
        ("face.denoising_strength:>0", {"meadow"}),
        ("hand.denoising_strength:>0", set()),
        ("clip_skip:1", BOTH),
        ("seed:7 steps:30", set()),
        ("(red:1.2)", set()),
        ("https://x", set()),
    ],
)
def test_each_line_of_the_table_finds_its_pictures(found, text, names):
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sampelr:euler", r"no setting 'sampelr' to search by. Did you mean 'sampler'\?"),
        ("rating:safe", 'in quotes: "rating:…"'),
    ],
)
def test_an_unknown_key_is_named_before_anything_is_searched(text, message):
    with pytest.raises(ArtifactError, match=message):
        Query(text=text)


def test_quotes_make_a_key_plain_text(manager, save):
    saved = save(prompt="score_9, rating:safe")
    save(prompt="safe")
    assert manager.find('"rating:safe"') == [saved]


def test_an_open_quote_and_a_lone_sign_are_text():
    assert terms_of('" -') == (Term('"'), Term("-"))
    assert terms_of('say "red') == (Term("say"), Term('"red'))


def test_all_settings_of_the_stages_that_ran_can_be_asked(save):
    sidecar = Sidecar.read(save(**SAVED["meadow"]).sidecar)
    lines = settings_of("00001-x.png", sidecar, "2026-11-22")
    assert "\nface.mask_blur=4\n" in lines
    assert "\nhand." not in lines
    assert "a" * 64 not in lines  # hashes say nothing
    asked = PipelineConfig().model_dump()
    inherited = {"vae", "styles", "control", "loras", "image", "made_for", "checkpoint"}
    for name, value in asked.items():
        is_set = not isinstance(value, dict) and value not in ("", (), [], None)
        if is_set and name not in inherited:
            assert f"\n{name}=" in lines or name in ("schema_version", "width", "height"), name


@settings(max_examples=examples(300), derandomize=True, deadline=None, database=None)
@given(text=st.text(max_size=60))
def test_any_text_is_searched_or_refused_by_name(text):
    terms = ()
    with suppress(ArtifactError):
        terms = terms_of(text)
    for term in terms:
        assert term.holds("\nseed=7\nsteps=abc\n") in (True, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps:>2O", r"steps:>2O does not compare with a number"),
        ("steps:>10..30", "does not compare with a number"),
        ("cfg:<7,5", "does not compare with a number"),
        ("steps:30..20", r"steps:30\.\.20 ends before it begins; swap the two: 20\.\.30"),
        ("date:>yesterday", r"compare with a day as >2026-11-22, or a range as 2026-11-01\.\."),
        ("date:2026-12..2026-11", "ends before it begins"),
        ("date:2027-01..2026", "ends before it begins"),
        ("date:2027..2026-12-31", "ends before it begins"),
        ("date:2026-12-01..2026-11", "ends before it begins"),
        ("date:2026-12..2026-11-30", "ends before it begins"),
        ("size:>512", "compares a setting that is no number"),
        ("sampler:<euler", 'in quotes: sampler:"…"'),
        ("seed: 7", "'seed:' has a blank behind it: write seed:7 for it"),
    ],
)
def test_a_condition_that_nothing_can_meet_is_named(text, message):
    with pytest.raises(ArtifactError, match=message):
        Query(text=text)


def test_a_tag_of_a_prompt_and_a_heart_are_no_comparisons(manager, save):
    saved = save(prompt="a cat <lora:ink:0.8>", face={"enabled": True, "prompt": "<3 smile"})
    manager.annotate(saved.path, tags=["<3"])
    for text in ("prompt:<lora:ink", "prompt:<lora:ink:0.8>", "face.prompt:<3", "tag:<3"):
        assert [one.path for one in manager.find(text)] == [saved.path], text


def test_a_word_with_a_colon_that_is_no_setting_is_text():
    assert terms_of("masterpiece: ball") == (Term("masterpiece:"), Term("ball"))
    assert terms_of("ball seed:") == (Term("ball"), Term("seed:"))  # as it is typed


def test_days_are_compared_as_days(found, manager):
    today = manager.find()[0].path.parent.name
    year, month = int(today[:4]), today[:7]
    for text in (
        *(f"date:{today}", f"date:>={today}", f"date:<={month}", f"date:{month}..{today}"),
        *(f"date:>{year - 1}", f"date:<{year + 1}", f"date:{year}..{year}", f"date:>={year}"),
        *(f"date:{today}..{month}", f"date:{today}..{year}", f"date:{month}..{year}"),
    ):
        assert found(text) == BOTH, text
    for text in (f"date:>{year}", f"date:<{month}", f"date:>{today}", f"-date:{month}..{today}"):
        assert found(text) == set(), text


DIGITS = st.text("0123456789", min_size=1, max_size=6000)


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(asked=DIGITS, sign=st.sampled_from(["", ">", "<=", "-"]), value=DIGITS)
def test_numbers_of_any_length_are_compared_or_refused_by_name(asked, sign, value):
    with suppress(ArtifactError):
        for term in terms_of(f"seed:{sign}{asked} steps:1..{asked}"):
            assert term.holds(f"\nseed={value}\nsteps={value}\n") in (True, False)


@pytest.mark.parametrize("text", ["seed:", "prompt:", "steps:"])
def test_a_number_of_thousands_of_digits_costs_no_index(manager, save, outputs, text):
    long = save(prompt="1" * 5000)
    assert manager.find() == [long]
    before = (outputs / "index.sqlite").stat().st_ino
    assert manager.find(text + "1" * 5000) == ([long] if text == "prompt:" else [])
    assert manager.find(text + "2") == []
    assert (outputs / "index.sqlite").stat().st_ino == before


@pytest.mark.parametrize("text", ["{}:x", "steps:>{}", "sampler:>{}", "seed: {}", "date:1..{}"])
def test_what_is_refused_is_named_at_a_readable_length(text):
    with pytest.raises(ArtifactError) as refused:
        terms_of(text.format("a" * 50_000))
    assert len(str(refused.value)) < 1000
