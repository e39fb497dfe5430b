"""Keys of stages' results, for tests."""

from medialab.runs.stage_keys import StageKey


def key(**changes):
    """Return the key of a detailer's result, with some parts changed."""
    parts = {
        "stage": "face",
        "version": 1,
        "settings": {"strength": 0.4, "prompt": "a face"},
        "models": {"checkpoint": "aa"},
        "before": "b" * 64,
        "environment": {"torch": "2.13"},
    }
    return StageKey(**parts | changes)


def numbered(number):
    """Return a key of the same stage for each number."""
    return key(settings={"number": number})
