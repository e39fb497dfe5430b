"""The shelf as the browser hears it: cards, previews, details, and one answer to a question."""

import pytest

from medialab.errors import PictureError
from widgets.models_shelf import Action, Card, Details, ModelsShelf

INK, FILM, OLD = "loras/ink.safetensors", "vae/film.safetensors", "loras/old.pt"


@pytest.fixture
def sent(monkeypatch):
    heard = []
    monkeypatch.setattr(
        ModelsShelf, "send", lambda _, content, pictures=None: heard.append((content, pictures))
    )
    return heard


@pytest.fixture
def shelf(sent):
    def preview(identity, side):
        if identity == FILM:
            message = "damaged"
            raise PictureError(message)
        return f"{identity} {side}".encode()

    def details(identity):
        return Details(facts=(("File", identity),), actions=(Action("use", "Add"),))

    made = ModelsShelf(preview, details)
    made.show(
        [
            Card(INK, "ink", "lora", "sd15", preview="1"),
            Card(FILM, "film", "vae", "unknown", preview="1"),
            Card(OLD, "old.pt", "lora", "unknown", refused="a pickle"),
        ]
    )
    return made


@pytest.fixture
def hear(shelf):
    return lambda **content: shelf._handle_custom_msg(content, [])


def test_the_cards_are_told_when_asked_for(hear, sent, shelf):
    hear(kind="cards")
    content, _ = sent[-1]
    assert content["generation"] == shelf.generation
    assert content["rows"][0][:4] == (INK, "ink", "lora", "sd15")
    assert [row[12] for row in content["rows"]] == ["", "", "a pickle"]


def test_previews_are_those_of_its_cards_only(hear, sent):
    hear(kind="previews", ids=[INK, FILM, "../outside.png", "/etc/passwd"])
    content, pictures = sent[-1]
    assert (content["ids"], content["missing"]) == ([INK], [FILM])
    assert pictures == [f"{INK} 112".encode()]


def test_details_come_with_the_large_preview_unless_it_is_damaged(hear, sent):
    hear(kind="details", id=INK)
    content, pictures = sent[-1]
    assert content["facts"] == (("File", INK),)
    assert content["actions"] == ({"name": "use", "label": "Add", "text": ""},)
    assert pictures == [f"{INK} 512".encode()]
    hear(kind="details", id=FILM)
    assert sent[-1][1] == []


def test_actions_are_heard_for_models_that_are_there(hear, shelf):
    heard = []
    shelf.on_act(lambda *what: heard.append(what))
    hear(kind="act", action="insert", id=INK, text="ink wash")
    hear(kind="act", action="use", id="gone")
    hear(kind="act", action="delete", id=INK)
    assert heard == [("insert", INK, "ink wash")]


def test_a_question_is_answered_once_by_a_model_that_fits(hear, shelf, sent):
    picked = []
    shelf.on_picked(picked.append)
    shelf.pick("lora", "Add a LoRA", {})
    assert (shelf.kind, shelf.picking) == ("lora", "Add a LoRA")
    for wrong in (OLD, FILM, "gone"):
        hear(kind="picked", id=wrong)
    assert picked == []
    hear(kind="picked", id=INK)
    hear(kind="picked", id=INK)
    assert (picked, shelf.picking, shelf.kind) == ([INK], "", "")


def test_a_model_that_does_not_fit_is_told_and_not_taken(hear, shelf, sent):
    picked = []
    shelf.on_picked(picked.append)
    shelf.pick("lora", "Add a LoRA", {INK: "is made for sd15"})
    hear(kind="cards")
    assert sent[-1][0]["rows"][0][-1] == "is made for sd15"
    hear(kind="picked", id=INK)
    assert picked == []
    hear(kind="picked", id="")
    hear(kind="cards")
    assert (picked, sent[-1][0]["rows"][0][-1]) == ([""], "")


def test_a_drawer_whose_model_is_gone_is_closed(shelf):
    shelf.opened = INK
    shelf.show([Card(INK, "ink", "lora", "sd15")])
    assert shelf.opened == INK
    shelf.show([])
    assert shelf.opened == ""
