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


def test_embedding_arrays_on_a_cpu_imports_no_torch(model_file: Path) -> None:
    code = f"""
import sys
import numpy as np
from mriembed import Embedder, live
for embedder in (Embedder.load({str(model_file)!r}), Embedder.from_bytes(open({str(model_file)!r}, "rb").read())):
    assert embedder.info.embed_dim == 256
    assert embedder.embed_kspace(np.ones((1, 8, 32, 32), np.complex64)).shape == (1, 256)
    assert embedder.verify().passed
print([name for name in sys.modules if name.split(".")[0] == "torch"])
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_tensors_of_torch_are_arrays_too(model_file: Path) -> None:
    """Where torch is imported later than mriembed, as in the process of this code."""
    code = f"""
import numpy as np
from mriembed import Embedder
native = Embedder.load({str(model_file)!r})
samples = np.random.default_rng(0).standard_normal((2, 16, 32, 32)).astype(np.float32)
rows = native.embed(samples)
import torch
np.testing.assert_array_equal(native.embed(torch.from_numpy(samples)), rows)
on_torch = Embedder.load({str(model_file)!r}, backend="torch")
np.testing.assert_allclose(on_torch.embed(samples), rows, rtol=0, atol=1e-5)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_torch_is_imported_after_a_network_that_runs_on_it(tmp_path: Path) -> None:
    """The library has loaded torch's libraries then; Python's torch has to get by with these."""
    model = mriembed.MRIEmbeddingModel().materialize(6)
    model.stem.convolution.padding = (0, 0)  # no native kernels
    pipeline = mriembed.EmbeddingPipeline(model, mriembed.CoilPreprocessor(3)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="test")
    code = f"""
import sys
import numpy as np
from mriembed import Embedder
embedder = Embedder.load({str(tmp_path / "model.pt")!r})
assert (embedder.backend, "torch" in sys.modules) == ("torch", False)
samples = np.random.default_rng(0).standard_normal((2, 6, 32, 32)).astype(np.float32)
rows = embedder.embed(samples)
import torch
torch.nn.Conv2d(6, 4, 3)(torch.from_numpy(samples)).sum().backward()
np.testing.assert_array_equal(embedder.embed(samples), rows)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


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
