"""What is kept in memory stays within one bound, whoever keeps it."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.process import memory_budget as room_module
from medialab.process.memory_budget import MARGIN, BudgetedCache, MemoryBudget

GIB = 2**30


def thing(nbytes):
    return SimpleNamespace(nbytes=nbytes)


@pytest.fixture
def machine(monkeypatch):
    """A machine of 4 GiB, of which `free` bytes are free but for what `stores` keep."""
    told = SimpleNamespace(total=4 * GIB, free=4 * GIB, stores=[])
    taken = lambda: sum(store.nbytes for store in told.stores)  # noqa: E731 - one line says it
    monkeypatch.setattr(room_module, "total_bytes", lambda device: told.total)
    monkeypatch.setattr(room_module, "free_bytes", lambda device: told.free - taken())
    monkeypatch.setattr(room_module, "free_memory", lambda: None)
    return told


@given(
    st.integers(0, 20),
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 8), st.integers(1, 9), st.booleans()), max_size=60
    ),
)
def test_two_stores_stay_within_one_bound_and_count_what_they_have(bound, requests):
    budget = MemoryBudget(bound)
    stores, sizes = [BudgetedCache(budget), BudgetedCache(budget)], {}
    for which, key, nbytes, begins in requests:
        memory = stores[which]
        if begins:
            memory.begin()
        sizes.setdefault(key, nbytes)
        found = memory.get(key, lambda key=key: thing(sizes[key]))
        assert found.nbytes == sizes[key]
        assert budget.nbytes <= bound
        assert memory.nbytes == sum(sizes[one] for one in memory._entries)


def test_a_set_larger_than_the_bound_finds_its_first_layers_again():
    memory, made = BudgetedCache(MemoryBudget(3)), []

    def layer(number):
        return memory.get(number, lambda: made.append(number) or thing(1))

    for _ in range(2):
        memory.begin()
        for number in range(5):
            layer(number)
    assert made == [0, 1, 2, 3, 4, 3, 4]


def test_another_set_takes_the_place_of_the_last():
    memory = BudgetedCache(MemoryBudget(4))
    first = [memory.get(number, lambda: thing(2)) for number in (1, 2)]
    memory.begin()
    memory.get(3, lambda: thing(2))
    assert memory.get(2, lambda: thing(2)) is first[1]
    assert memory.get(1, lambda: thing(2)) is not first[0]


def test_the_longest_unused_goes_first_whichever_store_has_it():
    budget = MemoryBudget(3)
    files, merged = BudgetedCache(budget), BudgetedCache(budget)
    files.get("old", lambda: thing(1))
    merged.get("newer", lambda: thing(1))
    files.get("newest", lambda: thing(1))
    for memory in (files, merged):
        memory.end()
    merged.get("one more", lambda: thing(1))
    assert (list(files._entries), list(merged._entries)) == (["newest"], ["newer", "one more"])


def test_what_finds_no_room_is_not_made():
    memory, made = BudgetedCache(MemoryBudget(1)), []
    assert memory.get_if_room("large", 2, lambda: made.append(1)) is None
    assert made == []


def test_what_is_kept_leaves_a_quarter_of_the_machine_free(machine):
    budget = MemoryBudget()
    memory = BudgetedCache(budget)
    machine.stores.append(memory)
    for number in range(100):  # a slider: each value is another set
        memory.begin()
        memory.get_if_room(number, 100 * 2**20, lambda: thing(100 * 2**20))
        memory.end()
        assert machine.free - memory.nbytes >= GIB
    assert memory.nbytes > 2 * GIB


def test_where_others_take_memory_what_is_kept_goes(machine):
    memory = BudgetedCache(MemoryBudget())
    machine.stores.append(memory)
    memory.begin()
    for number in range(20):
        memory.get(number, lambda: thing(100 * 2**20))
    memory.end()
    machine.free = 2 * GIB
    memory.begin()
    memory.get("new", lambda: thing(1))
    assert memory.nbytes <= GIB


def test_what_a_run_needs_may_take_all_but_a_little_and_what_is_missing_is_told(machine):
    budget = MemoryBudget()
    memory = BudgetedCache(budget)
    machine.stores.append(memory)
    memory.get("kept", lambda: thing(2 * GIB))
    memory.end()
    assert budget.make_room(3 * GIB, "cpu") == 0
    assert memory.nbytes == 0
    assert budget.make_room(5 * GIB, "cpu") == GIB + MARGIN


class Models:
    """Models as a registry keeps them: each with the number of its last use."""

    device = "cpu"

    def __init__(self, budget):
        self.budget, self.kept = budget, {}
        budget.join(self)

    def load(self, name, nbytes):
        missing = 0 if name in self.kept else self.budget.make_room(nbytes, self.device)
        self.kept[name] = (nbytes, self.budget.next_use())
        return missing

    @property
    def nbytes(self):
        return sum(nbytes for nbytes, _ in self.kept.values())

    def _droppable(self, before):
        uses = [(use, name) for name, (_, use) in self.kept.items()]
        return [one for one in uses if before is None or one[0] < before]

    def oldest(self, before):
        return min((use for use, _ in self._droppable(before)), default=None)

    def drop_oldest(self, before):
        del self.kept[min(self._droppable(before))[1]]


@pytest.fixture
def models(machine):
    found = Models(MemoryBudget())
    machine.stores.append(found)
    return found


def test_a_small_model_does_not_push_out_the_checkpoint_of_its_own_run(models):
    for run in range(2):
        models.budget.begin_run()
        models.budget.begin_stage()
        models.load("checkpoint", int(3.2 * GIB))  # so that no quarter of the machine is free
        models.budget.begin_stage()
        models.load("detector", 10 * 2**20)
        assert set(models.kept) == {"checkpoint", "detector"}, run


def test_the_checkpoint_of_the_run_before_goes_so_that_a_quarter_stays_free(models):
    models.budget.begin_run()
    models.load("last", 2 * GIB)
    models.budget.begin_run()
    models.load("next", int(1.5 * GIB))
    assert set(models.kept) == {"next"}


def test_what_a_run_used_before_goes_where_there_is_no_place_for_both(models):
    models.budget.begin_run()
    models.load("first", 2 * GIB)
    models.budget.begin_stage()
    assert models.load("second", int(2.5 * GIB)) == 0
    assert set(models.kept) == {"second"}


def test_many_small_things_go_at_once_since_giving_back_takes_its_time(machine, monkeypatch):
    memory, given_back = BudgetedCache(MemoryBudget()), []
    machine.stores.append(memory)
    monkeypatch.setattr(room_module, "free_memory", lambda: given_back.append(1))
    for number in range(1000):  # the layers of LoRAs
        memory.get(number, lambda: thing(3 * 2**20))
    memory.end()
    memory._budget.make_room(3 * GIB, "cpu")
    assert memory.nbytes <= GIB
    assert len(given_back) <= 3


def test_where_what_goes_leaves_holes_only_all_goes_in_a_few_rounds(machine, monkeypatch):
    memory, given_back = BudgetedCache(MemoryBudget()), []
    machine.free = GIB + 2**20  # whatever is let go of
    monkeypatch.setattr(room_module, "free_memory", lambda: given_back.append(1))
    for number in range(1000):
        memory._store(number, thing(2**20), 2**20)
    memory._budget.make_room(2 * 2**20, "cpu")
    assert memory.nbytes == 0
    assert len(given_back) <= 14


def test_something_large_needs_a_share_more_than_it_holds(machine):
    machine.total, machine.free = 16 * GIB, 13 * GIB
    assert MemoryBudget().make_room(12 * GIB, "cpu") == 0
    assert MemoryBudget().make_room(int(12.8 * GIB), "cpu") > MARGIN
