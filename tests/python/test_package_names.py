"""`import mriembed` is quick: its names are imported when they are first used."""

import ast
import operator
import subprocess
import sys
from pathlib import Path

import pytest

import mriembed


def test_importing_the_package_imports_no_torch() -> None:
    code = "import sys, mriembed; print(mriembed.__version__, 'torch' in sys.modules, 'numpy' in sys.modules)"
    shown = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert shown == f"{mriembed.__version__} False False\n"


def test_every_name_is_the_one_that_type_checkers_see() -> None:
    source = ast.parse(Path(mriembed.__file__).read_text(encoding="utf-8"))
    (typed,) = [node for node in source.body if isinstance(node, ast.If)]
    imports = [node for node in typed.body if isinstance(node, ast.ImportFrom)]
    module_of = {alias.name: str(node.module) for node in imports for alias in node.names}
    assert sorted([*module_of, "__version__"]) == sorted(mriembed.__all__)
    for name, module in module_of.items():
        value = getattr(mriembed, name)
        assert value is getattr(sys.modules[module], name)
        assert name in dir(mriembed)


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="module 'mriembed' has no attribute 'nonsense'"):
        operator.attrgetter("nonsense")(mriembed)
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        exec("from mriembed import nonsense")
