"""Values in a few words."""

from medialab.batch.labels import label_of, labels_of


def test_labels_are_short():
    assert label_of("a" * 100) == "a" * 39 + "…"
    assert label_of(0.30000000000000004) == "0.3"
    assert label_of(None) == "automatic"


def test_long_prompts_that_begin_alike_are_labelled_by_where_they_differ():
    same = "a photograph of a very old red car in a green meadow at "

    labels = labels_of([f"{same}dawn", f"{same}night", "a cat"])

    assert labels == ["…dawn", "…night", "a cat"]
    assert len({*labels_of([f"{same}dawn", f"{same}night", same * 2])}) == 3
    assert labels_of([same, same]) == [label_of(same)] * 2


def test_loras_are_named_with_their_weights():
    assert label_of([{"name": "ink", "weight": 0.5}, {"name": "night"}]) == "ink 0.5, night"
    assert label_of([]) == "none"
