"""Seeds for the fuzz targets: small sound inputs, and inputs with one thing wrong, one folder for each target.

    make_corpora.py FOLDER

Always the same bytes. The targets that write their own HDF5 files from bytes get bytes from a fixed generator.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from model_file_seeds import metadata_seeds, public_key_seeds, seal_seeds, zip_archive_seeds
from scan_seeds import bart_seeds, hdf5_seeds, mrd_header_seeds, numpy_seeds, written_seeds
from seeds import Seeds
from stream_seeds import mrd_session_seeds, mrd_stream_seeds, scan_stream_seeds

TARGETS: dict[str, Callable[[], Seeds]] = {
    "bart": bart_seeds,
    "fastmri": written_seeds,
    "hdf5_bytes": hdf5_seeds,
    "metadata": metadata_seeds,
    "mrd_header": mrd_header_seeds,
    "mrd_images": written_seeds,
    "mrd_raw": written_seeds,
    "mrd_session": mrd_session_seeds,
    "mrd_stream": mrd_stream_seeds,
    "numpy": numpy_seeds,
    "public_key": public_key_seeds,
    "scan_stream": scan_stream_seeds,
    "seal": seal_seeds,
    "zip_archive": zip_archive_seeds,
}


def main() -> None:
    for target, seeds in TARGETS.items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds():
            (folder / f"seed-{name}").write_bytes(content)


if __name__ == "__main__":
    main()
