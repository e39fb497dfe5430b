from tests.tiny.text_models import loaded, sd15, tokenizer

__all__ = ["loaded", "sd15", "tokenizer"]
