"""The finder tells what a person asks for, and shows what it is given."""

import pytest

from widgets.model_finder import Filter, Found, FoundModel, ModelFinder


@pytest.fixture
def finder():
    filters = {"civitai": [Filter("types", "Type", ("LORA", "VAE"))]}
    return ModelFinder([("civitai", "CivitAI"), ("hub", "Hub")], filters)


def test_the_first_source_is_chosen(finder):
    assert finder.source == "civitai"
    assert finder.filters["civitai"][0]["choices"] == ("LORA", "VAE")


@pytest.mark.parametrize(
    ("content", "name", "heard"),
    [
        (
            {"kind": "search", "text": "ink", "filters": {"types": "LORA", "sort": ""}},
            "search",
            ("ink", {"types": "LORA"}),
        ),
        ({"kind": "search"}, "search", ("", {})),
        ({"kind": "more"}, "more", ()),
        ({"kind": "back"}, "back", ()),
        ({"kind": "open", "id": "7"}, "open", ("7",)),
        ({"kind": "download", "version": "1", "file": "2"}, "download", ("1", "2")),
        ({"kind": "cancel", "id": "1"}, "of_download", ("cancel", "1")),
    ],
)
def test_what_a_person_asks_for_is_told(finder, content, name, heard):
    calls = []
    finder.on(name, lambda *what: calls.append(what))
    finder._handle_custom_msg(content, [])
    finder._handle_custom_msg({"kind": "something else"}, [])
    assert calls == [heard]


def test_found_models_and_one_of_them_are_shown(finder):
    finder.show_found([Found("1", "Ink", "LoRA")], more=True)
    assert (finder.found, finder.more) == ([["1", "Ink", "LoRA", ""]], True)
    finder.show_model(FoundModel("1", "Ink"))
    assert finder.model["name"] == "Ink"
    finder.show_model(None)
    assert finder.model is None
