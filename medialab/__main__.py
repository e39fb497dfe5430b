"""Make one picture from the command line: `python -m medialab prompt="a red car" seed=3`."""

import sys
import time

from medialab.config import PipelineConfig
from medialab.errors import MediaLabError
from medialab.faults import read_json_texts
from medialab.workbench import Workbench


def main(arguments: list[str]) -> int:
    """Read settings as name=value, make the picture, print its path and the seconds it took."""
    wrong = [argument for argument in arguments if "=" not in argument]
    if wrong:
        known = ", ".join(PipelineConfig.model_fields)
        print(f"settings are written name=value, not {wrong[0]!r}; known: {known}", file=sys.stderr)
        return 2
    settings = dict(argument.split("=", 1) for argument in arguments)
    started = time.perf_counter()
    try:
        # First: a typing error need not wait for torch.
        config = PipelineConfig.parse(read_json_texts(settings, PipelineConfig))
        with Workbench() as bench:
            run = bench.execute(config)
    except MediaLabError as error:
        print(error, file=sys.stderr)
        return 1
    making = sum(stage["seconds"] for stage in run.record["stages"])
    for artifact in run.artifacts:
        print(artifact.path)
    print(f"made in {making:.1f} s, {time.perf_counter() - started:.1f} s with loading")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
