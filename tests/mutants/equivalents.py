"""Faults that no test can notice, each with the reason: they change nothing that can be seen.

By the module, the kind of fault and the line, as `python -m tests.mutants.run` prints them.
"""

EQUIVALENT = {
    (
        "medialab/runs/cache.py",
        "NumberReplacer",
        "_COMPARED = 40  # newest entries of a stage that an explanation looks at",
    ): "a bound on time; one entry more or less is no promise",
    (
        "medialab/artifacts/index.py",
        "LeaveOut",
        "connection.isolation_level = None  # transactions are started explicitly",
    ): "sqlite3 begins no transaction of its own inside one that was begun",
}
