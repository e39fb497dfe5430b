"""Workers keep their checkpoint as long as there is work for it, and share what is most."""

from medialab.batch.cluster.assignment import next_checkpoint, room


def test_a_worker_stays_with_its_checkpoint():
    assert next_checkpoint({"a": 9, "b": 1}, "b", ["a"]) == "b"


def test_a_worker_that_is_free_takes_the_checkpoint_with_most_work_for_each_worker():
    assert next_checkpoint({"a": 5, "b": 4}, "", []) == "a"
    assert next_checkpoint({"a": 5, "b": 4}, "", ["a"]) == "b"
    assert next_checkpoint({"a": 9, "b": 4}, "c", ["a"]) == "a"
    assert next_checkpoint({"a": 4, "b": 4}, "", []) == "a"


def test_without_work_there_is_no_checkpoint():
    assert next_checkpoint({}, "a", []) is None


def test_each_checkpoint_is_loaded_by_one_worker_where_there_are_as_many():
    left = {"a": 3, "b": 3}
    had = {0: [], 1: []}
    while left:
        for worker, others in ((0, 1), (1, 0)):
            own, other = (had[one][-1] if had[one] else "" for one in (worker, others))
            if (name := next_checkpoint(left, own, [other])) is not None:
                had[worker].append(name)
                left = {one: count - (one == name) for one, count in left.items()}
                left = {one: count for one, count in left.items() if count}
    assert had == {0: ["a"] * 3, 1: ["b"] * 3}


def test_the_last_pictures_are_not_sent_ahead():
    assert room(10, 2) == 2
    assert room(2, 2) == 1
    assert room(0, 2) == 1
