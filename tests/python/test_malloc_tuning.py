import platform
import subprocess
import sys

import pytest

# Takes a block of 64 MiB and frees it, and prints how much more the C library then holds that is free: <malloc.h>.
FREED = """
import ctypes, sys
import torch
from mriembed.malloc_tuning import keep_freed_memory

class Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]

mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Mallinfo2
if sys.argv[1] == "kept":
    assert keep_freed_memory()
before = mallinfo2().fordblks
block = torch.empty(1 << 24).fill_(1.0)
del block
print(mallinfo2().fordblks - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")
def test_freed_memory_is_used_again_without_asking_the_system() -> None:
    def freed(how: str) -> int:
        result = subprocess.run([sys.executable, "-c", FREED, how], check=True, capture_output=True, text=True)
        return int(result.stdout)

    assert freed("kept") > 60 << 20
    assert freed("as it comes") < 4 << 20
