import pytest

from medialab.errors import OfflineError
from medialab.remote.offline import check_online


@pytest.mark.parametrize("value", ["1", "true", "YES", " on ", "anything"])
def test_the_variable_forbids_the_network_and_is_named(value, monkeypatch):
    monkeypatch.setenv("MEDIALAB_OFFLINE", value)
    with pytest.raises(OfflineError, match=r"CivitAI was not asked: MEDIALAB_OFFLINE=.*Unset it"):
        check_online("CivitAI")


@pytest.mark.parametrize("value", ["", "0", "false", "No", "off"])
def test_the_network_is_allowed_otherwise(value, monkeypatch):
    monkeypatch.setenv("MEDIALAB_OFFLINE", value)
    check_online("CivitAI")


def test_a_source_may_heed_a_variable_of_its_own(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    check_online("CivitAI")
    with pytest.raises(OfflineError, match="HF_HUB_OFFLINE=1"):
        check_online("Hugging Face", "HF_HUB_OFFLINE")
