import pytest

from medialab.errors import RemoteError
from medialab.remote.patience import BUSY_WAITS, CUT_WAITS, MOST_CUTS, Again, Patience

ERROR = RemoteError("told in the end")


def test_breaks_without_a_new_byte_are_waited_for_longer_and_then_told():
    patience = Patience(0)
    assert [patience.after_cut(0, ERROR) for _ in CUT_WAITS] == list(CUT_WAITS)
    with pytest.raises(RemoteError, match="told in the end"):
        patience.after_cut(0, ERROR)


def test_new_bytes_make_it_patient_again_but_not_for_ever():
    patience = Patience(0)
    for done in range(1, MOST_CUTS + 1):
        assert patience.after_cut(done, ERROR) == CUT_WAITS[0]
    with pytest.raises(RemoteError):
        patience.after_cut(MOST_CUTS + 1, ERROR)


def test_bytes_that_came_before_are_not_new():
    patience = Patience(100)
    patience.after_cut(100, ERROR)
    patience.after_cut(100, ERROR)
    assert patience.after_cut(50, ERROR) == CUT_WAITS[2]
    with pytest.raises(RemoteError):
        patience.after_cut(99, ERROR)


def test_a_busy_source_is_waited_for_as_it_asks():
    patience = Patience(0)
    assert patience.after(Again(ERROR, kind="busy", wait=100)) == 100
    with pytest.raises(RemoteError):
        patience.after(Again(ERROR, kind="busy", wait=30))


def test_a_busy_source_that_names_no_time_is_waited_for_longer_each_time():
    patience = Patience(0)
    for wait in BUSY_WAITS:
        assert patience.after(Again(ERROR, kind="busy", wait=-1)) == wait
    with pytest.raises(RemoteError):
        patience.after(Again(ERROR, kind="busy", wait=-1))


def test_a_source_that_is_always_busy_for_no_time_is_left_in_the_end():
    patience = Patience(0)
    waits = (patience.after(Again(ERROR, kind="busy", wait=0)) for _ in range(10_000))
    with pytest.raises(RemoteError):
        sum(waits)


@pytest.mark.parametrize(("kind", "times"), [("expired", 2), ("passing", 1), ("", 2)])
def test_other_things_are_tried_again_a_few_times(kind, times):
    patience = Patience(0)
    for _ in range(times):
        assert patience.after(Again(ERROR, kind=kind)) == 0
    with pytest.raises(RemoteError):
        patience.after(Again(ERROR, kind=kind))


@pytest.mark.parametrize("is_resumed", [True, False])
def test_a_wrong_content_is_fetched_again_only_if_it_was_put_together(is_resumed):
    patience = Patience(int(is_resumed))
    if is_resumed:
        assert patience.after(Again(ERROR, kind="wrong")) == 0
    with pytest.raises(RemoteError):
        patience.after(Again(ERROR, kind="wrong"))
