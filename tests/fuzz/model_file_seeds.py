"""Seeds for the fuzz targets that read parts of model files."""

import io
import json
import struct
import zipfile
from pathlib import Path

from seeds import Seeds

VECTORS = Path(__file__).parents[1] / "preprocessing_vectors"


def seal_seeds() -> Seeds:
    """Archives' ends and what stands behind them; the target seals each of them."""
    signature = f"ed25519 {'a' * 64} {'b' * 128}\n"
    for name, lines in {
        "bare": "mriembed-seal 1\n",
        "signed": "mriembed-seal 1\n" + signature,
        "signed-twice": "mriembed-seal 1\n" + 2 * signature,
        "version2": "mriembed-seal 2\n",
        "plain": "",
    }.items():
        comment = len(lines) + 72 if lines else 0
        yield name, b"PK\5\6" + bytes(16) + struct.pack("<H", comment) + lines.encode()


def zip_archive_seeds() -> Seeds:
    for name, kind in {"stored": zipfile.ZIP_STORED, "compressed": zipfile.ZIP_DEFLATED}.items():
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", kind) as archive:
            for record in ("extra/mriembed.json", "data/0", "data/1", "code/a.py"):
                archive.writestr(zipfile.ZipInfo(f"archive/{record}"), f"what {record} holds", kind)
        yield name, file.getvalue()


def public_key_seeds() -> Seeds:
    yield (
        "ed25519",
        (
            b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
            b"-----END PUBLIC KEY-----\n"
        ),
    )
    yield "private", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def network() -> dict[str, object]:
    weights = {
        "model.head.weight": {"record": "data/4", "dtype": "float32", "shape": [2, 4]},
        "model.head.bias": {"record": "data/5", "dtype": "float32", "shape": [2]},
    }
    layers: list[dict[str, object]] = []
    for name, inputs in (("model.stem", 2), *((f"model.backbone.{stage}", 4) for stage in range(4))):
        weights[f"{name}.convolution.weight"] = {"record": "data/0", "dtype": "float32", "shape": [4, inputs, 3, 3]}
        for part in ("convolution.bias", "norm.weight", "norm.bias"):
            weights[f"{name}.{part}"] = {"record": "data/1", "dtype": "float32", "shape": [4]}
        of_convolution = {"weight": f"{name}.convolution.weight", "bias": f"{name}.convolution.bias"}
        of_norm = {"weight": f"{name}.norm.weight", "bias": f"{name}.norm.bias"}
        layers += [
            {"kind": "convolution", "kernel": 3, "stride": 2, "padding": 1, **of_convolution},
            {"kind": "group_norm", "groups": 4, "epsilon": 1e-5, **of_norm},
            {"kind": "gelu"},
        ]
    layers += [{"kind": "mean"}, {"kind": "linear", "weight": "model.head.weight", "bias": "model.head.bias"}]
    return {"layers": [*layers, {"kind": "unit_norm"}], "weights": weights}


def metadata_seeds() -> Seeds:
    description = {
        "format": "mriembed model",
        "format_version": 2,
        "model": {
            "class": "MRIEmbeddingModel",
            "arguments": {
                "embed_dim": 2,
                "widths": [4, 4, 4, 4],
                "dropout": 0.0,
                "normalize": True,
                "use_mlp_head": False,
                "antialiased_stage": 0,
            },
            "in_channels": 2,
            "num_coils": 1,
            "embed_dim": 2,
            "parameters": 718,
        },
        "preprocessing": {
            "version": json.loads((VECTORS / "cases.json").read_text())["version"],
            "coil_compression": "pca",
            "matrix": None,
            "numbers": {
                "calibration_lines": 24,
                "echo_window": 48,
                "low_resolution": 20,
                "darkest_coils": 0.02,
                "darkest": 0.1,
                "least_energy": 1e-9,
            },
        },
        "provenance": {
            "mriembed": "0.1.0",
            "torch": "2.13.0",
            "python": "3.11.2",
            "created": "2026-01-01T00:00:00+00:00",
            "source_revision": "unknown",
            "weights": "random, seed 0",
        },
        "weights_sha256": "0" * 64,
        "network": network(),
        "distances": {
            "kinds": [{"name": "same slice", "deciles": [0.1] * 9, "below_threshold": 0.5}],
            "threshold": 0.1,
            "source": "nobody",
        },
        "reference": {
            "kspace_shape": [1, 1, 2, 2],
            "kspace_real": [1, 2, 3, 4],
            "kspace_imag": [1, 2, 3, 4],
            "embedding": [0.6, 0.8],
        },
    }
    yield "description", json.dumps(description).encode()
    yield "deep", b"[" * 3000
