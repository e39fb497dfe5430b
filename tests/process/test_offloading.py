"""Which parts of a checkpoint wait on the CPU follows from their sizes alone."""

import pytest

from medialab.process.offloading import Demand, PartSizes, most_on_device, way_for

GB = 10**9


def sizes(encoders, denoiser, others=0.2, group=0.4, largest=None):
    return PartSizes(
        *(round(one * GB) for one in (encoders, largest or encoders, denoiser, others, group))
    )


# Gigabytes: in bfloat16, and Z-Image's denoiser in float8.
Z_IMAGE, Z_IMAGE_FP8 = sizes(8.0, 12.3), sizes(8.0, 6.2, group=0.2)
FLUX = sizes(9.8, 23.8, largest=9.5, group=0.7)


@pytest.mark.parametrize(
    ("parts", "work", "free", "way"),
    [
        (Z_IMAGE, 2.0, 24.0, "none"),
        (Z_IMAGE, 2.0, 16.0, "parts"),
        (Z_IMAGE, 2.0, 12.0, "groups"),
        (Z_IMAGE_FP8, 2.0, 12.0, "parts"),
        (Z_IMAGE_FP8, 0.5, 15.0, "none"),
        (FLUX, 2.0, 24.0, "groups"),
        (FLUX, 0.1, 24.0, "parts"),
        (FLUX, 2.0, 40.0, "none"),
        (FLUX, 2.0, 6.0, "groups"),  # nothing fits: what needs least
    ],
)
def test_the_first_way_that_fits_is_taken(parts, work, free, way):
    demand = Demand(parts, round(work * GB))
    assert way_for("automatic", [demand], round(free * GB)) == way
    for asked in ("none", "parts", "groups"):
        assert way_for(asked, [demand], round(free * GB)) == asked


@pytest.mark.parametrize(
    ("way", "most"), [("none", 22.5), ("parts", 14.3), ("groups", 8.0)], ids=str
)
def test_the_bytes_on_the_device_are_those_of_what_computes_at_once(way, most):
    assert most_on_device(Z_IMAGE, 2 * GB, way) == round(most * GB)
    beside = Demand(Z_IMAGE, 2 * GB, beside=GB)
    assert beside.on_device(way) == round((most + 1) * GB)


def test_each_stage_of_a_run_must_fit():
    demands = [Demand(Z_IMAGE, GB), Demand(Z_IMAGE, 6 * GB)]
    assert way_for("automatic", demands, 22 * GB) == "parts"
    assert way_for("automatic", demands[:1], 22 * GB) == "none"
    assert way_for("automatic", [], 0) == "none"


def test_a_denoiser_of_few_groups_needs_no_more_than_the_whole_of_it():
    small = sizes(0.1, 1.0, group=0.9)
    assert most_on_device(small, 0, "groups") == GB
