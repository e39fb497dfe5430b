"""A token is found where a person keeps it, and is shown nowhere."""

import copy
import json
import pickle

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from medialab.errors import ConfigError
from medialab.remote.tokens import SERVICE, Token, find_token

WORD = "abc123"
VARIABLES = ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN")


class Kept(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, kept=None):
        self.kept = kept or {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


class Locked(Kept):
    def get_password(self, service, username):
        raise KeyringLocked


@pytest.fixture
def ring():
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_the_first_variable_that_is_set_counts(monkeypatch, ring):
    ring(Kept())
    assert find_token("civitai", VARIABLES) is None
    monkeypatch.setenv("CIVITAI_TOKEN", WORD)
    assert find_token("civitai", VARIABLES).header() == f"Bearer {WORD}"
    monkeypatch.setenv("CIVITAI_API_TOKEN", " other\n")
    assert find_token("civitai", VARIABLES).reveal() == "other"


def test_a_token_in_the_keyring_is_found_under_the_sources_name(ring):
    ring(Kept({(SERVICE, "civitai"): WORD}))
    assert find_token("civitai", VARIABLES).reveal() == WORD
    assert find_token("huggingface", ("HF_TOKEN",)) is None


def test_a_locked_keyring_is_as_none(ring):
    ring(Locked())
    assert find_token("civitai", VARIABLES) is None


def test_a_token_shows_itself_in_no_text():
    token = Token(WORD, "CIVITAI_API_TOKEN")
    assert WORD not in f"{token} {token!r} {vars(type(token))} {[token]}"
    for write in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError) as error:
            write(token)
        assert WORD not in str(error.value)


@pytest.mark.parametrize("text", ["two words", "line\nend", "ключ", "\x1b[0m", "", "a" * 5000])
def test_what_is_no_token_is_refused_without_being_repeated(text):
    with pytest.raises(ConfigError, match="the token in HF_TOKEN is not one word") as error:
        Token(text, "HF_TOKEN")
    assert not text or text not in str(error.value)
