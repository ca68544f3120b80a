"""A host program that loads libmriembed as a plug-in and unloads it again."""

import subprocess
import sys
from pathlib import Path

import mriembed

# Without the site's packages: neither torch nor NumPy is there, as in a C program. Prints, for each turn, the threads
# and the mappings of the library after it was unloaded.
_HOST = """
import ctypes, _ctypes, os, sys
library, model = sys.argv[1:]
for turn in range(3):
    lib = ctypes.CDLL(library)
    embedder = ctypes.c_void_p()
    error = ctypes.create_string_buffer(4096)
    assert lib.mriembed_load(model.encode(), None, ctypes.byref(embedder), error) == 0, error.value
    shape = (ctypes.c_int64 * 4)(4, 8, 64, 64)
    samples = 2 * 4 * 8 * 64 * 64
    kspace = (ctypes.c_float * samples)(*[index * 7919 % 1000 / 1000 - 0.5 for index in range(samples)])
    rows = (ctypes.c_float * (4 * 256))()
    assert lib.mriembed_embed_kspace(embedder, kspace, shape, None, None, rows, error) == 0, error.value
    lib.mriembed_destroy(embedder)
    _ctypes.dlclose(lib._handle)
    del lib
    with open("/proc/self/maps") as maps:
        print(len(os.listdir("/proc/self/task")), sum("libmriembed" in line for line in maps))
"""


def test_unloading_the_library_leaves_no_thread_and_no_mapping(model_file: Path) -> None:
    library = Path(mriembed.__file__).parent / "lib"
    (file,) = library.glob("libmriembed.so.*")
    command = [sys.executable, "-S", "-c", _HOST, str(file), str(model_file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "1 0\n" * 3


def test_a_program_that_embeds_has_no_torch_in_it(model_file: Path) -> None:
    library = Path(mriembed.__file__).parent / "lib"
    (file,) = library.glob("libmriembed.so.*")
    host = _HOST.replace("_ctypes.dlclose(lib._handle)", 'print("torch" in open("/proc/self/maps").read())')
    command = [sys.executable, "-S", "-c", host, str(file), str(model_file)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.splitlines()[0] == "False"
