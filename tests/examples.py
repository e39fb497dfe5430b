"""How many examples a property that says a number is tried on."""

from hypothesis import settings

FEWEST = 20  # of a quick run, as of the properties that say no number (see conftest)


def examples(number):
    """Return how many: `number` in CI, a fifth of it in a quick run, but not below FEWEST.

    Called where a test file is collected: the profile is chosen by then.
    """
    share = settings.default.max_examples / settings.get_profile("patient").max_examples
    return min(number, max(FEWEST, round(number * share)))
