"""A CUDA device that is pretended: tensors whose numbers are on the CPU, and which say `cuda:0`.

Everything is computed, by the CPU, so that programs run as they would. What a real device refuses
is refused: operations over tensors of two devices, CPU generators for the device's own noise,
numpy's view of a tensor that is not on the CPU. Its numbers, speed and memory are not those of a
GPU.

Torch that was built without CUDA has no guard for its devices; `pretended` compiles one, of three
lines, and loads it for the rest of the process. So this is for a process of its own:
`python -m tests.gpu.pretending`.

Source: torch's wrapper subclasses (torch/testing/_internal/two_tensor.py), and the rules for
devices of its FakeTensor (torch/_subclasses/fake_tensor.py).
"""

import ctypes
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("cuda", 0)
NAME = "a pretended GPU"
_GUARD = """
#include <c10/core/impl/DeviceGuardImplInterface.h>
namespace {
struct Guard final : c10::impl::NoOpDeviceGuardImpl<c10::DeviceType::CUDA> {
  c10::Device getDevice() const override { return {c10::DeviceType::CUDA, 0}; }
  c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard);
}
"""
# Operations between devices, and those that take indices or numbers from the CPU.
_ACROSS = {"copy_", "_to_copy", "_copy_from"}
_INDEXING = {"index", "index_put", "index_put_", "_unsafe_index", "_index_put_impl_"}
_NUMBERS = {"fill", "fill_", "masked_fill", "masked_fill_", "where", "lerp", "clamp"}
_INDEXED = (torch.Tensor.__getitem__, torch.Tensor.__setitem__)
_OF_NUMBERS = (torch.Tensor.data_ptr, torch.Tensor.untyped_storage, torch.Tensor.tolist)
_LIKE = {"new_empty", "new_zeros", "new_ones", "new_full", "new_empty_strided"}


# What is asked of memory that is no real device's.
_OF_MEMORY = {
    torch.Tensor.is_pinned: lambda *_: False,
    torch.Tensor.pin_memory: lambda tensor, *_: tensor,
    torch.Tensor.record_stream: lambda *_: None,
}


class OnDevice(torch.Tensor):
    """A tensor of the pretended device; `held` has its numbers."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=DEVICE,
        )

    def __init__(self, held):
        self.held = held

    def __repr__(self):
        return f"OnDevice({self.held!r})"

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        with torch._C.DisableTorchFunctionSubclass():
            found = func(*args, **(kwargs or {}))
            if func == torch.Tensor.data.__set__:
                args[0].held = args[1].held
            return found

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _computed(func, args, kwargs or {})


class _Dispatching(TorchDispatchMode):
    """Makes tensors on the pretended device, too."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _computed(func, args, kwargs or {})


class _Naming(TorchFunctionMode):
    """`cuda` is `cuda:0`, as on a machine with one device; this torch could not ask a driver."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in _OF_MEMORY:
            return _OF_MEMORY[func](*args)
        if func == torch.Tensor.data.__set__ and isinstance(args[0], OnDevice) != isinstance(
            args[1], OnDevice
        ):
            _moved_to(*args)
            return None
        if func in _OF_NUMBERS and isinstance(args[0], OnDevice):
            return func(args[0].held)
        if func in _INDEXED and isinstance(args[1], list):
            args = (args[0], torch.tensor(args[1]), *args[2:])
        named = {key: _named(one) for key, one in (kwargs or {}).items()}
        if func in {torch.tensor, torch.as_tensor} and named.get("device") is not None:
            place = named.pop("device")
            return func(*args, **named).to(place)
        return func(*map(_named, args), **named)


def _moved_to(tensor, other):
    """Let a tensor have another one's numbers and device, as setting its `data` does."""
    with torch.inference_mode(mode=False), torch.no_grad(), torch._C.DisableTorchFunction():
        own = OnDevice(other.held) if isinstance(other, OnDevice) else other.detach()
        if isinstance(tensor, torch.nn.Parameter):
            own = torch.nn.Parameter(own, requires_grad=tensor.requires_grad)
        torch.utils.swap_tensors(tensor, own)


def _named(one):
    if isinstance(one, torch.device) and one.type == "cuda" and one.index is None:
        return DEVICE
    return DEVICE if isinstance(one, str) and one == "cuda" else one


def _computed(func, args, kwargs):
    """Return an operation's result, on the device that it is on."""
    name = func._schema.name.partition("::")[2]
    given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
    there = [one for one in given if isinstance(one, OnDevice)]
    devices = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.device)]
    if (there or any(one.type == "cuda" for one in devices)) and func.has_kernel_for_dispatch_key(
        torch._C.DispatchKey.CompositeImplicitAutograd
    ):
        with _Dispatching():
            return func.decompose(*args, **kwargs)  # in inference mode it comes as a whole
    wanted = kwargs.get("device")
    wanted = None if wanted is None else torch.device(wanted)
    _refuse_mixed(func, name, given, there)
    if wanted is not None and wanted.type != "cuda":
        is_there = False
    elif wanted is not None:
        is_there = True
        if wanted.index not in {None, 0}:
            message = f"CUDA error: invalid device ordinal: {wanted}"
            raise RuntimeError(message)
    elif name in _ACROSS or name in _INDEXING or name in _LIKE or name.endswith("_like"):
        is_there = bool(given) and isinstance(given[0], OnDevice)
    else:
        is_there = bool(there)
    generator = kwargs.get("generator")
    if is_there and generator is not None and generator.device.type != "cuda":
        raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
    if name == "_fused_sdp_choice" and is_there:
        return 0  # torch's own arithmetic: other kernels are chosen by device
    held = dict(kwargs)
    if wanted is not None and is_there:
        held["device"] = torch.device("cpu")
    if held.get("pin_memory"):
        held["pin_memory"] = False
    own_args, held = tree_map(_held, args), tree_map(_held, held)
    found = func(*own_args, **held)
    if func._schema.is_mutable and given:
        return _mutated(func, args, kwargs, found, is_there)
    if not is_there:
        return found
    returns = func._schema.returns
    is_view = bool(returns) and returns[0].alias_info is not None and bool(given)
    # A view is what it is a view of.
    is_inference = given[0].is_inference() if is_view else torch.is_inference_mode_enabled()
    with torch.inference_mode(mode=is_inference):
        return tree_map(_placed, found)


def _mutated(func, args, kwargs, found, is_there):
    """Return the tensors that an operation wrote to, as they were given."""
    written = []
    for at, one in enumerate(func._schema.arguments):
        if one.alias_info is not None and one.alias_info.is_write:
            written.append(args[at] if at < len(args) else kwargs.get(one.name))
    for one in tree_leaves(written):
        if isinstance(one, OnDevice) and one.shape != one.held.shape:
            message = f"{func}: the pretended device cannot change a tensor's shape in its place"
            raise NotImplementedError(message)
    returns = func._schema.returns
    if len(returns) == 1 and returns[0].alias_info is not None and written:
        return written[0]
    return tree_map(_placed, found) if is_there else found


def _refuse_mixed(func, name, given, there):
    """Refuse tensors of two devices as a real one does."""
    here = [one for one in given if not isinstance(one, OnDevice)]
    if not there or not here or name in _ACROSS:
        return
    if name in _INDEXING and isinstance(given[0], OnDevice):
        return
    takes_numbers = name in _NUMBERS or torch.Tag.pointwise in getattr(func, "tags", ())
    if takes_numbers and all(one.ndim == 0 for one in here):
        return
    message = (
        "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and "
        f"cpu! (in {func}, {[(tuple(one.shape), str(one.device)) for one in given]})"
    )
    raise RuntimeError(message)


def _held(one):
    return one.held if isinstance(one, OnDevice) else one


def _placed(one):
    is_new = isinstance(one, torch.Tensor) and not isinstance(one, OnDevice)
    return OnDevice(one) if is_new else one


class _Stream:
    """A stream that has done all that it was given."""

    def __init__(self, *_, **__):
        self.device = DEVICE

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def synchronize(self):
        return None

    def wait_stream(self, _):
        return None

    def wait_event(self, _):
        return None

    def record_event(self, event=None):
        return event


def load_guard(folder):
    """Compile a guard for the pretended device and load it, with g++."""
    source, made = folder / "guard.cpp", folder / "guard.so"
    source.write_text(_GUARD)
    torch_folder = Path(torch.__file__).parent
    command = ["g++", "-std=c++20", "-shared", "-fPIC", str(source), "-o", str(made)]
    command += [f"-I{torch_folder / 'include'}", f"-L{torch_folder / 'lib'}", "-lc10"]
    subprocess.run(command, check=True)
    ctypes.CDLL(str(made))


@contextmanager
def pretended(free=100e9, total=140e9):
    """Let torch have one CUDA device inside the `with` block, on threads that begin there, too."""
    told = {
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "_lazy_init": lambda: None,
        "init": lambda: None,
        "current_device": lambda: 0,
        "device_count": lambda: 1,
        "get_device_name": lambda *_: NAME,
        "get_device_capability": lambda *_: (9, 0),
        "is_bf16_supported": lambda *_, **__: True,
        "mem_get_info": lambda *_: (int(free), int(total)),
        "memory_reserved": lambda *_: 0,
        "memory_allocated": lambda *_: 0,
        "max_memory_allocated": lambda *_: 0,
        "reset_peak_memory_stats": lambda *_: None,
        "set_per_process_memory_fraction": lambda *_: None,
        "empty_cache": lambda: None,
        "synchronize": lambda *_: None,
        "Stream": _Stream,
        "stream": lambda one: one or _Stream(),
        "current_stream": lambda *_: _Stream(),
    }
    run = threading.Thread.run

    def run_there(thread):
        with _modes():
            run(thread)

    with ExitStack() as undo:
        for name, one in told.items():
            undo.enter_context(mock.patch.object(torch.cuda, name, one))
        undo.enter_context(mock.patch.object(threading.Thread, "run", run_there))
        swaps = torch.__future__.get_swap_module_params_on_conversion()
        torch.__future__.set_swap_module_params_on_conversion(True)
        undo.callback(torch.__future__.set_swap_module_params_on_conversion, swaps)
        undo.enter_context(_modes())
        yield


@contextmanager
def _modes():
    with _Naming(), _Dispatching(), torch.no_grad():  # whose graphs would want a real device
        yield
