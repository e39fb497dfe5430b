"""Pictures are listed by their paths, looked up a page at a time, and read as text."""

from medialab.artifacts import Query


def test_names_are_those_that_are_found_and_are_looked_up_in_any_order(manager, save):
    saved = [save(prompt=f"number {number}") for number in range(4)]
    names = manager.names(Query(text="number"))
    assert names == [f"{one.path.parent.name}/{one.path.name}" for one in reversed(saved)]
    assert manager.look_up([names[2], names[0], "2020-01-01/00001-x.png"]) == [saved[1], saved[3]]
    manager.delete(saved[3].path)
    assert manager.names() == names[1:]


def test_the_settings_of_a_picture_are_read_as_text(manager, save):
    text = manager.infotext_of(save(prompt="a red ball").path)
    assert text.startswith("a red ball\n")
    assert "Seed: 7" in text
