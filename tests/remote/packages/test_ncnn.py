"""ncnn's files of real, tiny networks become files that load, with the same numbers in them."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from medialab.errors import ModelRefusedError
from medialab.families.kinds import classify
from medialab.files.headers import read_header
from medialab.loading.upscalers import _import_spandrel, compact_network, load_upscaler
from medialab.remote.packages.ncnn import as_safetensors


def rrdb_network():
    _import_spandrel()
    from spandrel.architectures.ESRGAN import ESRGAN

    return ESRGAN(num_filters=8, num_blocks=2, scale=4)


def in_ncnn(network):
    """Return the .param and .bin that ncnn's converter makes of a network, in half precision."""
    lines, content = ["Input input 0 1 data"], b""
    layers = [one for one in network.modules() if isinstance(one, torch.nn.Conv2d | torch.nn.PReLU)]
    for at, layer in enumerate(layers):
        weight = layer.weight.detach().numpy()
        if isinstance(layer, torch.nn.PReLU):
            lines.append(f"PReLU prelu_{at} 1 1 {at} {at + 1} 0={len(weight)}")
            content += weight.astype(np.float32).tobytes()
            continue
        half = weight.astype(np.float16).tobytes()
        lines.append(
            f"Convolution conv_{at} 1 1 {at} {at + 1} 0={len(weight)} 1=3 4=1 5=1 6={weight.size} "
            "-23310=1,2.0e-1"
        )
        content += (0x01306B47).to_bytes(4, "little") + half + b"\0" * (-len(half) % 4)
        content += layer.bias.detach().numpy().tobytes()
        lines.append("Interp resize 1 1 data out 0=1 1=4.000000e+00")
    return "\n".join(["7767517", f"{len(lines)} {len(lines)}", *lines, ""]).encode(), content


@pytest.fixture(params=["rrdb", "compact"])
def made(request):
    """A network's name, itself with weights that half precision holds, and its ncnn files."""
    torch.manual_seed(0)
    network = rrdb_network() if request.param == "rrdb" else compact_network(5, 2, 2)
    for one in network.modules():
        if isinstance(one, torch.nn.Conv2d):
            one.weight.data = one.weight.data.half().float()
    return request.param, network.eval(), *in_ncnn(network)


def test_the_file_draws_what_the_network_drew(made, tmp_path, request):
    from PIL import Image

    name, network, param, content = made
    path = tmp_path / "made.safetensors"
    path.write_bytes(as_safetensors(param, content, name))
    upscaler = load_upscaler(path, "cpu")
    pixels = np.random.default_rng(1).integers(0, 256, (12, 10, 3), np.uint8)
    with torch.inference_mode():
        due = network(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)[0]
    found = np.asarray(upscaler.enlarge(Image.fromarray(pixels), tile=0))
    assert np.array_equal(found, due.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy())
    assert classify(read_header(path)).kind == "upscaler"


def test_no_number_is_changed_and_weights_stay_in_half_precision(made):
    name, network, param, content = made
    found = load(as_safetensors(param, content, name))
    own = [value.numpy() for value in network.state_dict().values()]
    assert sum(one.size for one in found.values()) == sum(one.size for one in own)
    halves = [one for one in found.values() if one.dtype == np.float16]
    assert len(halves) == sum(value.ndim == 4 for value in own)
    assert as_safetensors(param, content, name) == as_safetensors(param, content, name)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda param, content: (b"", content), "does not begin"),
        (lambda param, content: (param, content[:-4]), ""),
        (lambda param, content: (param, content + b"0000"), "bytes, its layers"),
        (lambda param, content: (param, b"\0" + content), "not in half precision"),
        (lambda param, content: (param.replace(b"1=3", b"1=4"), content), ""),
        (lambda param, content: (param.replace(b" 6=", b" 7="), content), ""),
        (lambda param, content: (param.replace(b"Conv", b"conv"), content), ""),
        (lambda param, content: (param + b"PReLU x y z\n", content), ""),
        (lambda param, content: (b"\xff\xfe", content), ""),
    ],
)
def test_other_files_are_refused(made, change, told):
    name, _, param, content = made
    with pytest.raises(ModelRefusedError, match=f"not the files of a {name} network") as error:
        as_safetensors(*change(param, content), name)
    assert told in str(error.value)


def test_one_network_is_not_taken_for_the_other(made):
    name, _, param, content = made
    if name == "compact":
        with pytest.raises(ModelRefusedError, match="convolutions are those of no such network"):
            as_safetensors(param, content, "rrdb")
