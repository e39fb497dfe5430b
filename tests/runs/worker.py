"""A process that makes pictures: requests come as lines of JSON, events and paths go back so.

`python -m tests.runs.worker MODELS OUTPUTS`, started by `tests.runs.process_executor`.
"""

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from medialab import Workbench
from medialab.runs.plain import event_as_plain
from medialab.runs.request import Request


def main(models: str, outputs: str) -> None:
    """Work until the other side closes the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    name, job = "", None
    with (
        tempfile.TemporaryDirectory() as unsaved,
        Workbench(models, outputs, device="cpu") as bench,
    ):

        def tell(event):
            if event.kind != "queued":  # the other side told of that
                plain = event_as_plain(replace(event, job=name), Path(unsaved))
                answers.write(json.dumps(plain) + "\n")
                answers.flush()

        bench.executor.listen(tell)
        for line in sys.stdin:
            asked = json.loads(line)
            if "request" in asked:
                name = asked["name"]
                job = bench.executor.submit(Request.from_json(asked["request"]))
            elif job is not None and name == asked["cancel"]:
                job.cancel()


if __name__ == "__main__":
    main(*sys.argv[1:])
