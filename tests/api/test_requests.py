"""The models of requests offer what the rooms below take."""

from typing import get_args

from medialab.api.requests import BatchRequest, Order
from medialab.artifacts.query import ORDERS
from medialab.batch.sweep import How


def test_the_orders_of_a_search_and_the_kinds_of_a_batch_are_those_there_are():
    assert get_args(Order) == tuple(ORDERS)
    assert get_args(BatchRequest.model_fields["how"].annotation) == get_args(How)
