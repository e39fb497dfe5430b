"""What A1111's requests may hold: numbers that an answer in JSON can repeat."""

import pytest
from pydantic import ValidationError

from medialab.api.http.a1111 import requests as theirs


def numbers_in(module):
    """Each model of a module, with a field of it that is a number."""
    for model in vars(module).values():
        if isinstance(model, type) and model.__module__ == module.__name__:
            for name, field in model.model_fields.items():
                if float in {field.annotation, *getattr(field.annotation, "__args__", ())}:
                    yield pytest.param(model, name, id=f"{model.__name__}.{name}")


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity"])
@pytest.mark.parametrize(("model", "name"), [*numbers_in(theirs)])
def test_a_number_that_is_none_in_json_is_refused_however_it_is_written(model, name, value):
    with pytest.raises(ValidationError, match=f"{name}\n  Input should be a finite number"):
        model.model_validate({name: value, "init_images": [""]})
