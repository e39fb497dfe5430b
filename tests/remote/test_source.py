"""The interface, by a third source: a folder's index in 30 lines."""

import pytest

from medialab.errors import ConfigError
from medialab.remote import (
    DownloadRequest,
    Filter,
    RemoteModel,
    RemoteSource,
    RemoteVersion,
    Results,
)
from medialab.remote.source import MOST_RESULTS


class Shelf(RemoteSource):
    name, title = "shelf", "The shelf"
    filters = (
        Filter("kind", "Kind", ("LORA", "VAE"), takes_several=True),
        Filter("sort", "Sort", ("Newest", "Oldest"), default="Newest"),
        Filter("nsfw", "Mature", ("true",)),
        Filter("tag", "Tag"),
    )

    def search(self, text="", *, limit=20, cursor="", **filters):
        self.checked(limit, filters)
        return Results([RemoteModel("shelf", "1", "ink")][:limit])

    def model(self, key):
        return RemoteModel("shelf", key, "ink")

    def version(self, key):
        return RemoteVersion(self, key, "1", "v1", "ink")

    def request(self, file):
        return DownloadRequest(f"http://127.0.0.1/{file.key}")


def test_a_source_that_knows_no_hashes_and_no_addresses_need_not_say_so():
    shelf = Shelf()
    assert shelf.by_hash("a" * 64) is None
    assert shelf.by_hashes(["a" * 64]) == {}
    assert shelf.find("org/name") is None
    assert shelf.search("ink")[0].name == "ink"


def test_filters_are_checked_and_what_is_not_set_is_left_out():
    checked = Shelf().checked(
        5, {"kind": ["lora", "VAE"], "sort": "oldest", "nsfw": True, "tag": "12"}
    )
    assert checked == {
        "kind": ("LORA", "VAE"),
        "sort": ("Oldest",),
        "nsfw": ("true",),
        "tag": ("12",),
    }
    unset = {"kind": [], "sort": None, "nsfw": False, "tag": ""}
    assert Shelf().checked(5, unset) == {}


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"kinds": "LORA"}, "The shelf has no filter 'kinds'; known: .*Did you mean 'kind'"),
        ({"kind": "LORAS"}, "kind has no value 'LORAS'; known: LORA, VAE. Did you mean 'LORA'"),
        ({"sort": ["Newest", "Oldest"]}, "give one value"),
        ({"kind": [None]}, "kind has no value 'None'"),
    ],
)
def test_a_wrong_filter_is_named_with_the_right_ones(filters, message):
    with pytest.raises(ConfigError, match=message):
        Shelf().checked(5, filters)


@pytest.mark.parametrize("limit", [0, -1, MOST_RESULTS + 1, True, "5", 2.0])
def test_a_search_is_for_a_number_of_models(limit):
    with pytest.raises(ConfigError, match="a search gives 1 to 1000 models"):
        Shelf().search(limit=limit)
