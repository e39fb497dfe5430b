"""Reading the records of runs, for tests."""


def applied(run, stage="txt2img"):
    """Return what a stage says in a run's record of the first picture.

    Raises:
        StopIteration: the stage did not run.
    """
    return next(one["applied"] for one in run.record["stages"] if one["name"] == stage)
