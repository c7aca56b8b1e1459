"""What is installed: the model, manual pages that `man` finds, completions that shells find."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

import chargen

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SHARE = sorted(
    path.relative_to(ROOT).as_posix() for path in (ROOT / "share").rglob("*") if path.is_file()
)


def run(*command, **more):
    done = subprocess.run(command, check=True, capture_output=True, text=True, **more)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    subprocess.run(build, check=True, cwd=ROOT, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel):
    """A folder that the wheel is installed into, and an environment to find it."""
    folder = wheel.parent / "installed"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    subprocess.run([*pip, "--ignore-installed", "--prefix", folder, wheel], check=True)
    scheme = {"base": str(folder), "platbase": str(folder)}
    packages = sysconfig.get_path("purelib", "venv", scheme)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return folder, {**os.environ, "PATH": path, "PYTHONPATH": packages, "MANPATH": ""}


def test_the_wheel_holds_the_model_and_what_is_shared(wheel):
    names = ZipFile(wheel).namelist()
    data = f"chargen-{chargen.__version__}.data/data/"
    assert sorted(name.removeprefix(data) for name in names if name.startswith(data)) == SHARE
    assert "chargen/bundled/model.safetensors" in names
    assert "chargen/pages/playground/index.html" in names
    assert not [name for name in names if re.match("tests|docs|corpora|benchmarks", name)]


@pytest.mark.skipif(shutil.which("mandb") is None, reason="needs man-db")
def test_man_finds_every_page_and_has_nothing_to_complain_of(installed):
    folder, environment = installed
    pages = [Path(name) for name in SHARE if name.endswith(".1")]
    assert len(pages) > 20
    for page in pages:
        assert run("man", "-w", page.stem, env=environment).strip() == str(folder / page)
        shown = run("man", "--warnings", "-l", folder / page, env=environment)
        assert page.stem in shown


@pytest.mark.skipif(sys.platform != "linux", reason="needs bash 4.4 or newer")
def test_bash_completes_commands_options_and_models(installed, workdir):
    folder, environment = installed
    shutil.copytree(ROOT / "checkpoints" / "bundled", workdir / "checkpoints" / "novel")
    script = """
        source "$1"
        try() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            _chargen_completion chargen && echo "${COMPREPLY[*]}"
        }
        try chargen sam; try chargen train --pres; try chargen score -m n; complete -p chargen
    """
    completion = folder / "share" / "bash-completion" / "completions" / "chargen"
    lines = run("bash", "-c", script, "-", completion, env=environment).splitlines()
    assert lines[:3] == ["sample", "--preset", "novel"]
    assert lines[3].endswith("-F _chargen_completion chargen")
