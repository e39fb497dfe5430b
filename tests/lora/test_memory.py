"""What is kept in memory stays within its bound, whatever is asked for."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from medialab.lora.memory import Memory


def thing(nbytes):
    return SimpleNamespace(nbytes=nbytes)


@given(
    st.integers(0, 20),
    st.lists(st.tuples(st.integers(0, 8), st.integers(1, 9), st.booleans()), max_size=60),
)
def test_the_bound_holds_and_the_count_is_right(bound, requests):
    memory, sizes = Memory(bound), {}
    for key, nbytes, begins in requests:
        if begins:
            memory.begin(bound)
        sizes.setdefault(key, nbytes)
        found = memory.get(key, lambda key=key: thing(sizes[key]))
        assert found.nbytes == sizes[key]
        assert memory.nbytes <= bound
        assert memory.nbytes == sum(sizes[one] for one in memory._kept)


def test_a_set_larger_than_the_bound_finds_its_first_layers_again():
    memory, made = Memory(3), []

    def layer(number):
        return memory.get(number, lambda: made.append(number) or thing(1))

    for _ in range(2):
        memory.begin(3)
        for number in range(5):
            layer(number)
    assert made == [0, 1, 2, 3, 4, 3, 4]


def test_another_set_takes_the_place_of_the_last():
    memory = Memory(4)
    first = [memory.get(number, lambda: thing(2)) for number in (1, 2)]
    memory.begin(4)
    memory.get(3, lambda: thing(2))
    assert memory.get(2, lambda: thing(2)) is first[1]
    assert memory.get(1, lambda: thing(2)) is not first[0]


def test_a_smaller_bound_is_kept_at_once():
    memory = Memory(9)
    memory.get("a", lambda: thing(9))
    memory.begin(4)
    assert memory.nbytes == 0
