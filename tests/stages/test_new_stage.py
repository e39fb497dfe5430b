"""A new stage is its file, its line in the table and its field; all else follows from them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGE = '''
"""Stage 8, after the upscaler: fewer levels of each colour."""

from dataclasses import replace

from pydantic import Field

from medialab.settings.fields import SwitchedConfig
from medialab.stage import Frame, PipelineStage, StageContext


class PosterizeConfig(SwitchedConfig):
    """Stage 8, after the upscaler: fewer levels of each colour."""

    bits: int = Field(3, ge=1, le=8, description="Bits of each colour that are kept.")


class PosterizeStage(PipelineStage[PosterizeConfig]):
    """Keep the upper bits of each colour. Reads and writes `image`, same size."""

    name = "posterize"
    title = "Posterize"
    settings = PosterizeConfig

    def run(self, frame: Frame, settings: PosterizeConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        from PIL import ImageOps

        context.step(1, 1)
        image = ImageOps.posterize(frame.image, settings.bits)
        return replace(frame, image=image).with_applied(self.name, bits=settings.bits)
'''
MODE = '''
"""Stage 3, from a picture: left and right changed over."""

from medialab.settings.fields import StageConfig
from medialab.stage import Frame, PipelineStage, StageContext


class MirrorConfig(StageConfig):
    """Stage 3, from a picture: left and right changed over."""


class MirrorStage(PipelineStage[MirrorConfig]):
    """Change left and right over. Reads and writes `image`, same size."""

    name = "mirror"
    title = "Mirror"
    is_mode = True
    settings = MirrorConfig

    def run(self, frame: Frame, settings: MirrorConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        from PIL import ImageOps

        return frame.drawn(ImageOps.mirror(frame.image)).with_applied(self.name)
'''
# What the rest of the program makes of it, in a process that knows nothing of this one.
USE = """
import json
import sys
from PIL import Image, ImageOps
from medialab import PipelineConfig, Workbench
from medialab.api.capabilities import capabilities
from medialab.api.reference import as_help, as_page
from medialab.artifacts import ArtifactManager
from medialab.errors import ConfigError
from widgets.studio import Studio

settings = {"prompt": "a red ball", "steps": 2, "seed": 3, "width": 64, "height": 64}
asked = PipelineConfig(**settings, posterize={"enabled": True, "bits": 2})
bench = Workbench(outputs=sys.argv[1], device="cpu")
plain = bench.execute(PipelineConfig(**settings), save=False)
run = bench.execute(asked)
other = bench.explain(asked.changed(posterize={"enabled": True, "bits": 1}))
given = Image.effect_noise((64, 48), 90).convert("RGB")
mirrored = bench.execute(PipelineConfig(mode="mirror", image=bench.keep(given)), save=False)
try:
    PipelineConfig.parse({"posterize": {"bit": 9}})
except ConfigError as error:
    fault = str(error)
studio = Studio(bench)
studio.form.set({"posterize.enabled": True, "posterize.bits": 2, "image": bench.keep(given)})
studio.form.open_sheet("posterize")
told = {
    "ran before": [stage["name"] for stage in plain.record["stages"]],
    "ran": {stage["name"]: stage["cached"] for stage in run.record["stages"]},
    "applied": run.record["stages"][-2]["applied"],
    "levels": sorted({level for level in run.image.tobytes()}),
    "same but for them": [level & 192 for level in plain.image.tobytes()] == [*run.image.tobytes()],
    "explained": {one.stage: one.hit for one in other},
    "sidecar": json.loads(run.artifact.sidecar.read_text()),
    "read": ArtifactManager(sys.argv[1]).load(run.artifact.path).posterize.model_dump(),
    "page": [line for line in as_page().splitlines() if "posterize" in line],
    "help": as_help(["posterize"]),
    "capabilities": [one["name"] for one in capabilities(bench)["stages"]],
    "fault": fault,
    "modes": capabilities(bench)["modes"],
    "menu": [mode for one in studio.form.start.fields for _, mode in one.get("choices", ())],
    "rows": [row["name"] for row in studio.form.stages.list.rows],
    "sheet": [field["name"] for field in studio.form.stages.place.sheet.fields],
    "mirrored": [stage["name"] for stage in mirrored.record["stages"]],
    "is mirrored": mirrored.image.tobytes() == ImageOps.mirror(given).tobytes(),
    "form": studio.form.read()["posterize"],
}
studio.close()
bench.close()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the program says of a stage that was added to a copy of it."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("medialab", "widgets"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    (copy / "models").symlink_to(ROOT / "models")
    add(copy, "posterize", STAGE, before="    FinishStage(),")
    add(copy, "mirror", MODE, before="    RefinerStage(),")
    found = subprocess.run(
        [sys.executable, "-c", USE, str(copy / "outputs")],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout.splitlines()[-1])


def add(copy, name, source, *, before):
    """Add a stage to a copy of the program: its file, its line in the table, its field."""
    stage, settings = f"{name.capitalize()}Stage", f"{name.capitalize()}Config"
    (copy / f"medialab/stages/{name}.py").write_text(source.lstrip())
    table, config = copy / "medialab/stages/__init__.py", copy / "medialab/config/pipeline.py"
    last_import = "from medialab.stages.upscaler import"
    put(table, f"from medialab.stages.{name} import {stage}", before=last_import)
    put(table, f"    {stage}(),", before=before)
    put(config, f"from medialab.stages.{name} import {settings}", before=last_import)
    put(
        config,
        f'    {name}: {settings} = Field({settings}(), description="New.")',
        before="    made_for: dict",
    )


def put(path, line, *, before):
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, f"{line}\n{before}"))


@pytest.mark.thorough
def test_it_runs_where_it_is_switched_on_and_is_recorded(told):
    assert "posterize" not in told["ran before"]
    assert [*told["ran"]][-2:] == ["posterize", "finish"]
    assert told["applied"] == {"bits": 2}
    assert set(told["levels"]) <= {0, 64, 128, 192}
    assert told["same but for them"]


@pytest.mark.thorough
def test_what_stands_before_it_is_reused_and_a_change_of_it_runs_it_alone(told):
    assert [name for name, cached in told["ran"].items() if not cached] == ["posterize", "finish"]
    assert [name for name, hit in told["explained"].items() if not hit] == ["posterize", "finish"]


def test_its_settings_are_in_the_sidecar_and_read_back_from_the_picture(told):
    assert told["sidecar"]["config"]["posterize"] == {"enabled": True, "bits": 2}
    assert told["read"] == {"enabled": True, "bits": 2}


def test_it_is_told_of_in_the_page_the_help_and_the_capabilities(told):
    assert any("`posterize.bits` | whole number | 1 to 8" in line for line in told["page"])
    assert "Bits of each colour that are kept." in told["help"]
    assert told["capabilities"][-2:] == ["posterize", "finish"]
    assert "Did you mean 'bits'" in told["fault"]


def test_the_form_has_a_row_and_a_sheet_for_it(told):
    assert told["form"] == {"enabled": True, "bits": 2}
    assert "posterize" in told["rows"]
    assert told["sheet"] == ["posterize.bits"]


def test_another_way_of_stage_3_is_a_mode_of_the_request_and_of_the_form(told):
    assert told["modes"][-2:] == ["mirror", "enhance"]
    assert "mirror" in told["menu"]
    assert told["mirrored"] == ["source", "mirror", "finish"]
    assert told["is mirrored"]
