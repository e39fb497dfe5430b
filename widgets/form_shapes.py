"""The settings of the form: of the whole picture and of each stage, and names of other fields."""

from collections.abc import Mapping

from medialab import PipelineConfig
from widgets.form_values import is_stage
from widgets.shapes import Shape, shapes_of

SHAPES = shapes_of(PipelineConfig)
OF_STAGES: Mapping[str, Mapping[str, Shape]] = {
    name: shapes_of(shape.kind) for name, shape in SHAPES.items() if is_stage(shape)
}
# The sheet with the rest of the whole picture's settings, in place of a stage's.
WHOLE = "more"
# Fields that stand for two values each: width and height.
SIZE, START_SIZE = "size", "start.size"
SIDES: Mapping[str, tuple[str, str]] = {
    SIZE: ("width", "height"),
    START_SIZE: ("start.width", "start.height"),
}
REFERENCES, KEEPING = "instruct.references", "instruct.image_guidance_scale"
