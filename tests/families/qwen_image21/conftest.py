import pytest

from medialab.families.qwen_image.processor import load_processor
from tests.tiny.qwen_image import write_processor
from tests.tiny.qwen_image21 import make_pipeline


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory):
    """A tiny Qwen-Image 2.1 of diffusers' own class."""
    folder = tmp_path_factory.mktemp("processor")
    write_processor(folder, "Qwen3VLProcessor")
    return make_pipeline(load_processor(folder, "Qwen3VLProcessor"))
