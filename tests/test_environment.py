"""environment.yml and pyproject.toml tell conda's and pip's users the same thing."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
# conda's name on the left, pip's on the right, where they differ.
PIP_NAMES = {"pytorch": "torch"}


def pip_requirement(conda_spec):
    """`pytorch>=2.4,<3` and conda's fuzzy `python=3.11`, in pip's words."""
    name, comparison = re.fullmatch(r"([\w.-]+?)\s*([<>=!].*)?", conda_spec).groups()
    specifier = re.sub(r"^=(?!=)\s*(.+)$", r"==\1.*", comparison or "")
    return Requirement(f"{PIP_NAMES.get(name, name)}{specifier}")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


@pytest.fixture(scope="module")
def conda_requirements(environment):
    specs = [pip_requirement(entry) for entry in environment if isinstance(entry, str)]
    return {requirement.name: requirement.specifier for requirement in specs}


def test_a_package_named_in_both_files_has_the_same_versions_in_both(project, conda_requirements):
    listed = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    asked = {item.name: item.specifier for item in map(Requirement, listed)}
    in_both = asked.keys() & conda_requirements.keys()

    assert "torch" in in_both
    for name in in_both:
        assert conda_requirements[name] == asked[name], name


def test_a_package_only_conda_names_is_python_or_pip(project, conda_requirements):
    listed = {Requirement(item).name for item in project["dependencies"]}

    assert conda_requirements.keys() - listed == {"python", "pip"}


def test_the_python_conda_brings_is_one_the_project_takes(project, conda_requirements):
    (pin,) = conda_requirements["python"]

    assert pin.operator == "=="
    assert SpecifierSet(project["requires-python"]).contains(pin.version.removesuffix(".*"))


def test_pip_is_told_to_install_this_project_with_extras_that_exist(project, environment):
    (pip_lines,) = (entry["pip"] for entry in environment if isinstance(entry, dict))
    (line,) = pip_lines
    extras = re.fullmatch(r"-e \.\[([\w,]+)\]", line)[1].split(",")

    assert set(extras) == set(project["optional-dependencies"])
