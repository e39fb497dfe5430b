"""A .tflite file of real form: a graph with tensors and weights, and no operator."""

import flatbuffers

MARK = b"TFL3"


def write_tflite(path, inputs=((1, 8, 8, 3),), outputs=((1, 4),), weights=b"\1\2\3\4" * 8):
    """Write a file whose graph takes and gives tensors of these shapes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tiny_tflite(inputs, outputs, weights))
    return path


def tiny_tflite(inputs=((1, 8, 8, 3),), outputs=((1, 4),), weights=b"\1\2\3\4" * 8):
    """Return its content. The tables and the numbers of their fields are those of schema.fbs."""
    build = flatbuffers.Builder(0)
    shapes = [*inputs, *outputs]
    sizes = [build.CreateNumpyVector(_array(shape)) for shape in shapes]
    tensors = [_table(build, 8, {0: ("offset", size)}) for size in sizes]
    takes = build.CreateNumpyVector(_array(range(len(inputs))))
    gives = build.CreateNumpyVector(_array(range(len(inputs), len(shapes))))
    tensors = _offsets(build, tensors)
    graph = _table(build, 5, {0: ("offset", tensors), 1: ("offset", takes), 2: ("offset", gives)})
    data = build.CreateByteVector(weights)
    empty, full = _table(build, 3, {}), _table(build, 3, {0: ("offset", data)})
    buffers, graphs = _offsets(build, [empty, full]), _offsets(build, [graph])
    model = _table(build, 8, {0: ("number", 3), 2: ("offset", graphs), 4: ("offset", buffers)})
    build.Finish(model, file_identifier=MARK)
    return bytes(build.Output())


def _array(numbers):
    import numpy as np

    return np.array(list(numbers), np.int32)


def _table(build, fields, values):
    build.StartObject(fields)
    for number, (kind, value) in values.items():
        if kind == "offset":
            build.PrependUOffsetTRelativeSlot(number, value, 0)
        else:
            build.PrependUint32Slot(number, value, 0)
    return build.EndObject()


def _offsets(build, places):
    build.StartVector(4, len(places), 4)
    for place in reversed(places):
        build.PrependUOffsetTRelative(place)
    return build.EndVector()
