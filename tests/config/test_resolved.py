"""A request with nothing left open, and one config for each picture of a batch."""

import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.settings.fields import LARGEST_SEED

RESOLVED = {"width": 128, "height": 128, "seed": 5, "checkpoint_sha256": "0" * 64}


def test_a_resolved_config_can_be_asked_again_of_another_file():
    asked = ResolvedConfig(**RESOLVED, prompt="a cat").asked()
    assert type(asked) is PipelineConfig
    assert (asked.prompt, asked.seed, asked.width) == ("a cat", 5, 128)


def test_a_resolved_config_is_shown_as_it_may_be_written_again():
    together = {"pictures": 3, "place": 1, "groups": (1, 2)}
    config = ResolvedConfig(**RESOLVED, together=together, made_for={"a" * 64: "b" * 64})
    assert eval(repr(config)) == config  # noqa: S307 - of our own text


def test_a_resolved_config_leaves_nothing_open():
    with pytest.raises(ConfigError):
        ResolvedConfig(**RESOLVED | {"seed": -1})
    with pytest.raises(ConfigError):
        ResolvedConfig(**RESOLVED | {"width": None})


def test_each_picture_of_a_batch_has_a_config_of_its_own():
    batch = ResolvedConfig(**RESOLVED, batch_size=3)
    assert [(one.seed, one.batch_size) for one in batch.singles()] == [(5, 1), (6, 1), (7, 1)]


def test_a_batch_of_variations_shares_the_seed(bench):
    asked = PipelineConfig(seed=5, batch_size=3, variation_strength=0.5)
    drawn = bench.resolve(asked)
    assert drawn.variation_seed >= 0
    first = drawn.variation_seed
    seeds = [(one.seed, one.variation_seed) for one in drawn.singles()]
    assert seeds == [(5, (first + k) % (LARGEST_SEED + 1)) for k in range(3)]
    assert bench.resolve(asked.changed(variation_strength=0)).variation_seed == -1


def test_seeds_go_round_at_their_largest():
    batch = ResolvedConfig(**RESOLVED | {"seed": LARGEST_SEED}, batch_size=2)
    assert [one.seed for one in batch.singles()] == [LARGEST_SEED, 0]
