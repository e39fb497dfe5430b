"""Calls that differ in the content of rows alone are joined, and each is given its own share."""

import pytest
import torch
from diffusers.models.modeling_outputs import Transformer2DModelOutput

from medialab.families.joining import Call, Joining

UNET, FLOW = Joining(2, in_lists=False), Joining(1, in_lists=True)


def unet(seed, **changes):
    generator = torch.Generator().manual_seed(seed)
    inputs = {
        "encoder_hidden_states": torch.randn(2, 5, 3, generator=generator),
        "added_cond_kwargs": {"text_embeds": torch.randn(2, 4, generator=generator)},
        "down_block_additional_residuals": [torch.randn(2, 3, generator=generator)] * 2,
        "return_dict": False,
    }
    return Call((torch.randn(2, 4, 8, 8, generator=generator), torch.tensor(500)), inputs | changes)


def flow(seed):
    generator = torch.Generator().manual_seed(seed)
    latents = [torch.randn(16, 1, 4, 4, generator=generator)]
    texts = [torch.randn(7, 3, generator=generator)]
    return Call((latents, torch.tensor([0.5]), texts), {"img_shapes": [[(1, 4, 4)]]})


def test_rows_are_joined_in_order_and_what_has_none_stays():
    one, other = unet(1), unet(2)
    assert one.rows == 2
    assert UNET.are_alike(one, other)
    (sample, time), inputs = UNET.join([tuple(one), tuple(other)])
    assert torch.equal(sample, torch.cat([one.args[0], other.args[0]]))
    assert torch.equal(time, one.args[1])
    assert inputs["added_cond_kwargs"]["text_embeds"].shape == (4, 4)
    assert [len(part) for part in inputs["down_block_additional_residuals"]] == [4, 4]
    assert inputs["return_dict"] is False


def test_lists_of_rows_become_longer():
    one, other = flow(1), flow(2)
    assert FLOW.are_alike(one, other)
    (latents, time, texts), inputs = FLOW.join([tuple(one), tuple(other)])
    assert [len(latents), len(time), len(texts), len(inputs["img_shapes"])] == [2, 2, 2, 2]
    assert latents[1] is other.args[0][0]


def test_another_shape_another_time_or_another_argument_is_not_alike():
    one = unet(1)
    longer = unet(2, encoder_hidden_states=torch.zeros(2, 6, 3))
    assert not UNET.are_alike(one, longer)
    assert not UNET.are_alike(one, Call((unet(2).args[0], torch.tensor(499)), unet(2).inputs))
    assert not UNET.are_alike(one, unet(2, return_dict=True))
    assert not UNET.are_alike(one, unet(2, timestep_cond=None))
    half = unet(2, encoder_hidden_states=torch.zeros(2, 5, 3, dtype=torch.float64))
    assert not UNET.are_alike(one, half)
    texts = [torch.zeros(8, 3)]
    assert not FLOW.are_alike(flow(1), Call((*flow(2).args[:2], texts), flow(2).inputs))


def test_each_call_is_given_its_share_of_the_answer():
    rows = torch.arange(4.0).reshape(4, 1)
    assert [one.tolist() for one in UNET.split(rows, 2)] == [[[0], [1]], [[2], [3]]]
    down, middle = [rows, rows + 10], rows + 20
    (mine, centre), (theirs, _) = UNET.split((down, middle), 2)
    assert [one.tolist() for one in mine] == [[[0], [1]], [[10], [11]]]
    assert [one.tolist() for one in theirs] == [[[2], [3]], [[12], [13]]]
    assert centre.tolist() == [[20], [21]]
    listed = FLOW.split(([*rows],), 4)
    assert [one[0][0].tolist() for one in listed] == [[0], [1], [2], [3]]
    assert all(isinstance(one, tuple) and isinstance(one[0], list) for one in listed)


def test_a_named_answer_is_divided_too():
    whole = Transformer2DModelOutput(sample=[*torch.arange(4.0)])
    mine, theirs = FLOW._replace(rows=2).split(whole, 2)
    assert isinstance(mine, Transformer2DModelOutput)
    assert ([*map(int, mine[0])], [*map(int, theirs.sample)]) == ([0, 1], [2, 3])


@pytest.mark.parametrize("answer", [torch.zeros(3, 2), object(), [torch.zeros(4), 2.5]])
def test_no_call_is_given_what_may_be_anothers(answer):
    with pytest.raises(TypeError, match="the answer to 2 calls of 2 rows"):
        UNET.split(answer, 2)


def test_a_call_with_a_cache_of_its_own_says_so():
    assert not unet(1, attention_kwargs={"scale": 0.5, "form": [None, "text"]}).holds_state
    assert not flow(1).holds_state
    assert unet(1, kv_cache=object()).holds_state
    assert unet(1, attention_kwargs={"caches": [object()]}).holds_state
