"""A user's code is kept with all that it needs of its own directory, and nothing else."""

import sys
from types import ModuleType

import pytest

from mentor_runs.directory.kept_code import KeptCode


def imported(monkeypatch, name, file):
    module = ModuleType(name)
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    for name in ("tools.py", "helper.py", "unused.py", "package/__init__.py", "package/part.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    imported(monkeypatch, "helper", folder / "helper.py")
    imported(monkeypatch, "package", folder / "package/__init__.py")
    imported(monkeypatch, "package.part", folder / "package/part.py")
    monkeypatch.chdir(folder)
    imported(monkeypatch, "torch_ops_of_a_test", "_ops.py")  # torch.ops has such a name, no file
    return folder


def kept(run):
    return sorted(path.relative_to(run).as_posix() for path in run.rglob("*.py"))


def test_a_file_is_kept_with_the_modules_it_imported_from_its_directory(home, tmp_path):
    run = tmp_path / "run"
    assert KeptCode(run).keep(home / "tools.py") == "code/tools.py"
    found = ["helper.py", "package/__init__.py", "package/part.py", "tools.py"]
    assert kept(run) == [f"code/{name}" for name in found]
    assert (run / "code/tools.py").read_text() == "# tools.py\n"


def test_what_is_installed_is_not_copied(home, tmp_path, monkeypatch):
    site = home / "venv" / "site-packages"
    site.mkdir(parents=True)
    (site / "numpy_of_a_test.py").touch()
    monkeypatch.syspath_prepend(site)
    imported(monkeypatch, "numpy_of_a_test", site / "numpy_of_a_test.py")
    KeptCode(tmp_path / "run").keep(home / "tools.py")
    assert not [name for name in kept(tmp_path / "run") if "numpy" in name]


def test_files_of_one_name_from_two_directories_are_both_kept(home, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tools.py").write_text("# other\n")
    code = KeptCode(tmp_path / "run")
    assert code.keep(home / "tools.py") == "code/tools.py"
    assert code.keep(tmp_path / "other" / "tools.py") == "code-2/tools.py"
    assert code.keep(home / "helper.py") == "code/helper.py"
    assert (tmp_path / "run/code-2/tools.py").read_text() == "# other\n"
