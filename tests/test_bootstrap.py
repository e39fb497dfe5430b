"""bootstrap.py picks the PyTorch a machine can use, and says what to mend when it cannot."""

import sys
import tomllib
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(__file__).parents[1]
RANGE = ">=2.4,<3"
LINUX = "linux-x86_64"
CPU_WHEEL = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
CUDA_WHEEL = "torch-2.12.0+cu130-cp311-cp311-manylinux_2_28_x86_64.whl"


@pytest.fixture
def wheels_in(tmp_path):
    """Makes a find-links folder with empty files of these names, and reads it."""

    def read(*names):
        for name in names:
            (tmp_path / name).touch()
        return bootstrap.local_torch_wheels([tmp_path])

    return read


def choose(wheels, torch_range=RANGE, python_tag="cp311", system=LINUX, has_nvidia_gpu=False):
    return bootstrap.choose_torch(wheels, torch_range, python_tag, system, has_nvidia_gpu)


# --- the choice of PyTorch --------------------------------------------------------------------


def test_a_local_wheel_wins_over_the_registry(wheels_in):
    assert choose(wheels_in(CPU_WHEEL)).requirement == "torch==2.13.0+cpu"


def test_the_newest_local_wheel_wins_by_number_not_by_spelling(wheels_in):
    older = CPU_WHEEL.replace("2.13.0", "2.9.1")

    assert choose(wheels_in(older, CPU_WHEEL)).requirement == "torch==2.13.0+cpu"


@pytest.mark.parametrize(
    "name",
    [
        CPU_WHEEL.replace("cp311", "cp312"),
        CPU_WHEEL.replace("x86_64", "aarch64"),
        "torch-2.13.0-cp311-none-macosx_14_0_arm64.whl",
        "torch-2.13.0+cpu-cp311-cp311-win_amd64.whl",
        "torch-2.14.0.dev20261101+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
        "torch-readme.whl",
    ],
)
def test_a_wheel_this_interpreter_cannot_install_is_passed_over(wheels_in, name):
    assert choose(wheels_in(name)).requirement == f"torch{RANGE}"


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("torch-2.13.0-cp311-none-macosx_14_0_arm64.whl", "macosx-14.5-arm64"),
        ("torch-2.13.0-cp311-none-macosx_11_0_universal2.whl", "macosx-14.5-arm64"),
        ("torch-2.13.0+cpu-cp311-cp311-win_amd64.whl", "win-amd64"),
        ("torch-2.13.0-cp311-cp311-linux_aarch64.whl", "linux-aarch64"),
        ("torch-2.13.0-1-cp310.cp311-none-manylinux2014_x86_64.linux_x86_64.whl", LINUX),
    ],
)
def test_a_wheel_is_matched_with_each_system(wheels_in, name, system):
    assert choose(wheels_in(name), system=system).requirement.startswith("torch==2.13.0")


def test_an_nvidia_gpu_takes_the_registry_build_rather_than_a_local_cpu_wheel(wheels_in):
    choice = choose(wheels_in(CPU_WHEEL), has_nvidia_gpu=True)

    assert choice.requirement == f"torch{RANGE},!=2.13.0+cpu"
    assert "CUDA" in choice.reason


def test_an_nvidia_gpu_takes_a_local_cuda_wheel(wheels_in):
    choice = choose(wheels_in(CPU_WHEEL, CUDA_WHEEL), has_nvidia_gpu=True)

    assert choice.requirement == "torch==2.12.0+cu130"


def test_linux_without_gpu_or_wheel_is_warned_of_gigabytes_and_told_the_cure():
    reason = choose([]).reason

    assert "GB" in reason
    assert "PIP_FIND_LINKS" in reason


def test_a_mac_is_not_warned_of_cuda():
    assert "CUDA" not in choose([], system="macosx-14.5-arm64").reason


def test_local_wheels_all_outside_the_project_range_are_a_named_error(wheels_in):
    wheels = wheels_in(CPU_WHEEL)

    with pytest.raises(bootstrap.TorchExcludedError) as error:
        choose(wheels, torch_range=">=2.4,<2.13")
    for told in (CPU_WHEEL, ">=2.4,<2.13", "find-links"):
        assert told in str(error.value)


def test_a_folder_that_is_not_there_hides_no_wheel_of_the_others(wheels_in, tmp_path):
    wheels_in(CPU_WHEEL, "torch-2.14.0.dev1+cpu-cp311-cp311-linux_x86_64.whl", "numpy-2.0.whl")
    folders = [tmp_path / "absent", tmp_path, tmp_path / "absent too"]
    assert [wheel.path.name for wheel in bootstrap.local_torch_wheels(folders)] == [CPU_WHEEL]


@pytest.mark.parametrize(
    ("version_range", "version", "admitted"),
    [
        (">=2.4,<3", "2.4.0", True),
        (">=2.4,<3", "2.3.1", False),
        (">=2.4,<3", "3.0.0", False),
        (">=2.4, <3, !=2.5.0", "2.5", False),
        ("==2.13.0", "2.13.0+cpu", True),
        ("<=2.10,>2.9", "2.10.0", True),
        ("<=2.10,>2.9", "2.9.0", False),
    ],
)
def test_versions_are_compared_by_number(version_range, version, admitted):
    assert bootstrap.admits(version_range, version) is admitted


def test_a_comparison_it_does_not_know_is_a_named_error():
    with pytest.raises(bootstrap.BootstrapError, match=r"~=2\.4.*known comparisons"):
        bootstrap.admits("~=2.4", "2.5.0")


def test_the_range_of_this_project_can_be_read_and_compared():
    assert bootstrap.admits(bootstrap.torch_range_of(ROOT / "pyproject.toml"), "2.13.0")


def test_a_project_without_a_range_for_torch_is_a_named_error(tmp_path):
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[project]\ndependencies = ["torchsde>=0.2.6", "numpy"]\n')

    with pytest.raises(bootstrap.BootstrapError, match="no version range"):
        bootstrap.torch_range_of(pyproject)


# --- pip's settings ---------------------------------------------------------------------------


def test_find_links_are_read_from_pip_files_and_environment_each_folder_once():
    settings = (
        ":env:.default-timeout='180'\n"
        ":env:.find-links='/srv/wheels'\n"
        "global.find-links='/srv/wheels\\nfile:///srv/my%20wheels'\n"
        "install.find-links='https://example.org/page.html wheels'\n"
        "global.no-binary=':none:'\n"
    )

    assert bootstrap.find_links(settings) == [
        Path("/srv/wheels"),
        Path("/srv/my wheels"),
        bootstrap.ROOT / "wheels",
    ]


def test_pip_without_settings_has_no_find_links():
    assert bootstrap.find_links("") == []


def test_pip_itself_reports_the_environment_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    assert tmp_path in bootstrap.find_links(bootstrap.read_pip_settings(Path(sys.executable)))


# --- checks -----------------------------------------------------------------------------------


def test_the_oldest_python_is_the_one_pyproject_names():
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]

    assert requires == ">=" + ".".join(map(str, bootstrap.MINIMUM_PYTHON))


def test_an_older_python_is_refused_with_both_versions_named():
    with pytest.raises(bootstrap.PythonTooOldError, match=r"3\.10\.13.*3\.11"):
        bootstrap.check_python((3, 10, 13))
    bootstrap.check_python((3, 11, 0))


def test_a_python_without_ensurepip_is_refused_with_the_package_that_brings_it(monkeypatch):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", {"venv": object()}.get)

    with pytest.raises(bootstrap.VenvModuleMissingError, match=r"ensurepip.*python3-venv"):
        bootstrap.check_venv_modules()


def test_a_failed_command_names_itself_and_its_status():
    with pytest.raises(bootstrap.InstallFailedError, match="exit status 3"):
        bootstrap.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_failure_is_one_line_on_stderr_and_status_1(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "MINIMUM_PYTHON", (99,))

    assert bootstrap.main([]) == 1
    assert capsys.readouterr().err.startswith("bootstrap: this is Python")


def test_the_stamp_changes_with_each_thing_the_environment_is_made_from(tmp_path):
    pyproject, script = tmp_path / "pyproject.toml", tmp_path / "bootstrap.py"
    pyproject.write_text("a")
    script.write_text("b")
    stamps = {bootstrap.stamp_of(pyproject, script, "3.11.7", "test")}
    stamps.add(bootstrap.stamp_of(pyproject, script, "3.11.7", "test"))
    assert len(stamps) == 1

    stamps.add(bootstrap.stamp_of(pyproject, script, "3.12.1", "test"))
    stamps.add(bootstrap.stamp_of(pyproject, script, "3.11.7", "studio"))
    script.write_text("c")
    stamps.add(bootstrap.stamp_of(pyproject, script, "3.11.7", "test"))
    pyproject.write_text("d")
    stamps.add(bootstrap.stamp_of(pyproject, script, "3.11.7", "test"))
    assert len(stamps) == 5


def test_an_environment_made_by_another_python_does_not_match(tmp_path):
    (tmp_path / "pyvenv.cfg").write_text("home = somewhere\nversion = 3.11.7\n")

    assert bootstrap.venv_matches(tmp_path, (3, 11, 7))
    assert not bootstrap.venv_matches(tmp_path, (3, 12, 1))
    assert not bootstrap.venv_matches(tmp_path / "absent", (3, 11, 7))
