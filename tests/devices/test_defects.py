"""Tracebacks are appended, and a folder that takes none fails nobody."""

from medialab.devices.defects import LOG, note_defect, note_error
from medialab.errors import ConfigError


def test_tracebacks_are_appended_each_with_its_job(tmp_path):
    outputs = tmp_path / "outputs"
    note_defect(outputs, "one", "Traceback 1")
    note_defect(outputs, "two", "Traceback 2")
    assert (outputs / LOG).read_text() == "one\nTraceback 1\ntwo\nTraceback 2\n"


def test_a_log_that_cannot_be_written_is_passed_over(tmp_path):
    (tmp_path / LOG).mkdir()
    note_defect(tmp_path, "one", "Traceback")
    assert (tmp_path / LOG).is_dir()


def test_an_error_that_a_person_can_mend_is_no_defect(tmp_path):
    note_error(tmp_path, "one", ConfigError("steps: 0 is too few"))
    assert not (tmp_path / LOG).exists()
    note_error(tmp_path, "two", ZeroDivisionError("by nothing"))
    told = (tmp_path / LOG).read_text()
    assert told.startswith("two\n")
    assert "ZeroDivisionError: by nothing" in told
