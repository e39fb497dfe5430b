"""Lines and a bar: in a shell, in a notebook that a page shows, and in one that papermill runs."""

import io
import os
import sys

import pytest

from medialab.batch.printing import Printer


class OfKernel:
    """A stream as ipykernel puts it in the place of stdout and stderr."""

    def __init__(self, number):
        self.number, self.text = number, ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def fileno(self):
        return self.number


OfKernel.__module__ = "ipykernel.iostream"


@pytest.fixture
def console(tmp_path):
    """The file that stands for a kernel's console; its number."""
    number = os.open(tmp_path / "console", os.O_WRONLY | os.O_CREAT)
    yield number
    os.close(number)


def said_in_a_kernel(monkeypatch, number, *lines):
    """What stands in the notebook afterwards."""
    with monkeypatch.context() as patch:
        stdout = OfKernel(number)
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "stderr", OfKernel(number))
        printer = Printer("poster", len(lines), 0)
        for line in lines:
            printer.print(line)
        printer.close()
    return stdout.text


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_in_a_shell_lines_are_output_and_the_bar_is_not(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    printer = Printer("poster", 3, 1)
    printer.print("2 of 3: seed 2: a.png")
    printer.print("3 of 3: seed 3: b.png")
    printer.close()

    said = capsys.readouterr()
    assert said.out == "2 of 3: seed 2: a.png\n3 of 3: seed 3: b.png\n"
    assert "poster" in sys.stderr.getvalue()
    assert "3/3" in sys.stderr.getvalue()


def test_where_nobody_looks_on_there_are_lines_alone(capsys):
    printer = Printer("poster", 1, 0)
    printer.print("1 of 1: seed 1: a.png")
    printer.close()

    assert capsys.readouterr() == ("1 of 1: seed 1: a.png\n", "")


def test_under_papermill_lines_and_bar_are_on_its_console_too(monkeypatch, console, tmp_path):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)

    said = said_in_a_kernel(monkeypatch, console, "1 of 2: a.png", "2 of 2: ü.png")

    assert said == "1 of 2: a.png\n2 of 2: ü.png\n"
    shown = (tmp_path / "console").read_text(encoding="utf-8")
    assert "1 of 2: a.png\n" in shown
    assert "2 of 2: ü.png\n" in shown
    assert "2/2" in shown


def test_where_a_page_shows_the_notebook_its_server_says_nothing(monkeypatch, console, tmp_path):
    monkeypatch.setenv("JPY_SESSION_NAME", "a notebook")

    assert said_in_a_kernel(monkeypatch, console, "1 of 1: a.png") == "1 of 1: a.png\n"
    assert (tmp_path / "console").read_text() == ""


def test_where_the_kernel_watches_no_output_that_is_the_console(monkeypatch, console, tmp_path):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with os.fdopen(os.dup(console), "w") as own:
        monkeypatch.setattr(sys, "__stderr__", own)
        assert said_in_a_kernel(monkeypatch, -1, "1 of 1: a.png") == "1 of 1: a.png\n"

    assert "1 of 1: a.png\n" in (tmp_path / "console").read_text()


def test_without_a_console_the_notebook_has_its_lines(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(sys, "__stderr__", None)

    assert said_in_a_kernel(monkeypatch, -1, "a line") == "a line\n"
