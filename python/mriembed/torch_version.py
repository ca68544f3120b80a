"""Whether the torch that is installed is the one that libmriembed_torch was built against."""

from mriembed import _build_info
from mriembed.errors import DeviceNotAvailableError


def require_torch_of_build() -> None:
    """To be called before libmriembed_torch is needed: with another torch it would fail with a riddle, or silently.

    Raises:
        DeviceNotAvailableError: another version is installed.
    """
    import torch  # over a second, and what needs no torch gets by without it

    found = str(torch.__version__).partition("+")[0]
    if found != _build_info.TORCH_VERSION:
        raise DeviceNotAvailableError(
            f"this needs torch {_build_info.TORCH_VERSION}, against which mriembed was built, but torch {found} is "
            "installed; build it again (pip install --no-build-isolation --force-reinstall --no-deps .) or install "
            f"torch=={_build_info.TORCH_VERSION}; on a CPU, backend native needs none of it"
        )
