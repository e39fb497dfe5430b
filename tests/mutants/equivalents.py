"""Faults that no test can notice, each with the reason: they change nothing that can be seen.

By the module, the kind of fault and the line, as `python -m tests.mutants.run` prints them.
"""

EQUIVALENT = {
    (
        "medialab/runs/hashes.py",
        "LeaveOut",
        "return False",
    ): "without it None is returned, and callers ask only whether it holds",
    (
        "medialab/families/unet_clip/lora_blocks.py",
        "ReplaceTrueWithFalse",
        "return dict.fromkeys(_EVERY, 0.0) | dict(zip(LISTS[len(numbers)], numbers, strict=True))",
    ): "the list is chosen by how many numbers there are",
    (
        "medialab/runs/stage_keys.py",
        "ReplaceComparisonOperator_LtE_Lt",
        'and {"version", "before"} <= label.keys()',
    ): "a label that got so far has three more keys",
    (
        "medialab/runs/cache.py",
        "ReplaceFalseWithTrue",
        "open_regular(one.path, follow=False) as file,",
    ): "links were left out when the folder was listed",
    (
        "medialab/runs/cache.py",
        "NumberReplacer",
        "_COMPARED = 40  # newest results of a stage that an explanation compares",
    ): "a bound on time; one entry more or less is no promise",
    (
        "medialab/artifacts/index_file.py",
        "LeaveOut",
        "connection.isolation_level = None  # transactions are started explicitly",
    ): "sqlite3 begins no transaction of its own inside one that was begun",
    (
        "medialab/artifacts/needed.py",
        "NumberReplacer",
        "_PIECE = 2**20  # bytes read at once",
    ): "half or twice as much at once finds the same; a test bounds the memory",
    (
        "medialab/artifacts/needed.py",
        "NumberReplacer",
        "_LONGEST = 66  # bytes: a name and one character on each side of it",
    ): "a byte more or less still holds the part of a name in which a read ends",
}
