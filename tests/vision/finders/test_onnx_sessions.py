"""What onnxruntime fails with is known by type, and its tensors come from a bounded arena."""

import onnxruntime
import pytest

from medialab.vision.finders.onnx_sessions import bound_memory, failures


def test_a_broken_model_fails_with_one_of_the_known_errors():
    with pytest.raises(failures()):
        onnxruntime.InferenceSession(b"no model", providers=["CPUExecutionProvider"])
    assert {RuntimeError, ValueError} < set(failures())
    assert KeyError not in failures()


def test_a_sessions_tensors_come_from_the_processs_own_arena():
    options = onnxruntime.SessionOptions()
    bound_memory(options)
    assert options.get_session_config_entry("session.use_env_allocators") == "1"
