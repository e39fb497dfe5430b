"""Add a sample of today's sidecars, presets and batches: `python -m tests.older.write`.

The samples of before stay as they are: every one of them is opened for ever.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from medialab import PipelineConfig, ResolvedConfig, Workbench
from medialab.artifacts import Sidecar
from medialab.artifacts.sidecar import PictureFacts
from medialab.presets import Preset
from tests.older.schema import schema

HERE = Path(__file__).resolve().parent
SETTINGS = {
    "prompt": "a portrait of a smiling person with red hair",
    "negative_prompt": "blurry",
    "seed": 7,
    "steps": 8,
    "guidance_scale": 4.5,
    "sampler": "Euler a",
    "loras": [{"name": "pencil-sketch", "weight": 0.8}],
    "control": [{"model": "paperdoll-canny", "image": "7" * 64, "weight": 0.7}],
    "refiner": {"enabled": True, "scale": 2.0, "denoising_strength": 0.4},
    "body": {"enabled": True, "steps": 4},
    "face": {"enabled": True, "detector": "paperdoll", "denoising_strength": 0.4},
    "hand": {"enabled": True, "confidence": 0.4},
    "upscaler": {"enabled": True, "scale": 2.0},
    "sharpen": 0.25,
}
_RESOLVED = {"width": 128, "height": 128, "checkpoint_sha256": "5" * 64, "threads": 2}


def sidecar() -> Sidecar:
    """Return a sidecar with every stage."""
    return Sidecar(
        created="2026-11-29T12:00:00.000000+00:00",
        config=ResolvedConfig.model_validate(SETTINGS | _RESOLVED),
        record={"started": "2026-11-29T12:00:00.000+00:00", "stages": []},
        image=PictureFacts(sha256="a" * 64, width=128, height=128),
        tags=("good", "character:Ada"),
        stars=3,
    )


def batch_request() -> bytes:
    """Return the request of a batch, as it is written."""
    with tempfile.TemporaryDirectory() as folder, Workbench(outputs=folder) as bench:
        config = PipelineConfig.parse({"prompt": "a ball", "steps": 2})
        batch = bench.sweep(
            config, {"seed": [1, 2], ("steps", "guidance_scale"): [(2, 1), (4, 5)]}, name="x"
        )
        return batch.journal.request_file.read_bytes()


def main() -> None:
    """Write a sample of each, named by the day, and the fields that there are now."""
    name = f"{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
    preset = Preset.of("Mine", PipelineConfig.parse(SETTINGS), include=["prompt", "model", "size"])
    samples = {
        "sidecars": sidecar().encode(),
        "presets": preset.encode(),
        "batches": batch_request(),
    }
    for folder, content in samples.items():
        (HERE / folder / name).write_bytes(content)
    (HERE / "fields.json").write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
