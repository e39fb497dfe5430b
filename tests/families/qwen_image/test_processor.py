"""The processor is built without the part for videos, which needs torchvision."""

import pytest
from PIL import Image
from transformers import Qwen2VLProcessor, Qwen3VLProcessor

from medialab.errors import ModelRefusedError
from medialab.families.qwen_image.processor import check_processor, load_processor
from tests.tiny.qwen_image import write_processor


@pytest.mark.parametrize("kind", [Qwen2VLProcessor, Qwen3VLProcessor])
def test_it_reads_pictures_and_text_and_is_of_the_class_that_pipelines_expect(kind, tmp_path):
    write_processor(tmp_path, kind.__name__)
    processor = load_processor(tmp_path, kind.__name__)
    assert isinstance(processor, kind)
    read = processor(
        text=["a <|image_pad|> ball"], images=[Image.new("RGB", (64, 96))], return_tensors="pt"
    )
    _, high, wide = read["image_grid_thw"][0].tolist()
    seen = read["input_ids"] == processor.image_token_id
    assert seen.sum() == high * wide // 4 > 0
    assert read["pixel_values"].shape[0] == high * wide
    plain = processor(text=["a ball"], return_tensors="pt")
    assert "pixel_values" not in plain


def test_without_the_settings_for_pictures_it_is_refused(tmp_path):
    write_processor(tmp_path, "Qwen2VLProcessor")
    check_processor(tmp_path, 300)
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(ModelRefusedError, match=r"preprocessor_config\.json"):
        check_processor(tmp_path, 300)
