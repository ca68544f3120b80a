"""A noise measurement in a file of its own."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from mrd_stream import write_stream_of
from mriembed import BadInputError
from mriembed.scans import read_slices
from program import PROGRAM
from raw_scan import NOISE, Limits, RawScan, Readout, Space, write_raw_scan

COILS, LINES, WIDTH = 4, 24, 32
SPACE = Space((WIDTH, LINES, 1), (WIDTH, LINES, 5))


def complex_normal(random: np.random.Generator, *shape: int) -> NDArray[np.complex64]:
    drawn = random.standard_normal((2, *shape))
    return np.asarray(drawn[0] + 1j * drawn[1], np.complex64)


@pytest.fixture
def noise() -> NDArray[np.complex64]:
    random = np.random.default_rng(1)
    mixing = np.eye(COILS) + 0.4 * random.standard_normal((COILS, COILS))
    return np.asarray(mixing @ complex_normal(random, COILS, 2000), np.complex64)


@pytest.fixture
def image_lines() -> list[Readout]:
    random = np.random.default_rng(2)
    return [Readout(complex_normal(random, COILS, WIDTH), WIDTH // 2, step_1=step) for step in range(LINES)]


def noise_lines(noise: NDArray[np.complex64]) -> list[Readout]:
    return [Readout(part, flags=NOISE) for part in np.split(noise, 10, axis=1)]


def scan(*lines: Readout, coil_names: tuple[str, ...] = ()) -> RawScan:
    return RawScan(SPACE, SPACE, Limits(0, LINES - 1, LINES // 2), None, list(lines), coil_names=coil_names)


def whitened(kspace: NDArray[np.complex64], noise: NDArray[np.complex64]) -> NDArray[np.complex128]:
    """Kellman and McVeigh 2005: the inverse of the Cholesky factor of n n^H / (N - 1)."""
    samples = noise.astype(np.complex128)
    factor = np.linalg.cholesky(samples @ samples.conj().T / (samples.shape[1] - 1))
    return np.asarray(np.tensordot(np.linalg.inv(factor), kspace, 1))


def kspace_of(lines: list[Readout]) -> NDArray[np.complex64]:
    return np.stack([line.samples for line in lines], 1)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=120)


Writer = Callable[[Path, NDArray[np.complex64], list[Readout]], Path]


def as_mrd(folder: Path, noise: NDArray[np.complex64], _lines: list[Readout]) -> Path:
    write_raw_scan(folder / "noise.h5", scan(*noise_lines(noise)))
    return folder / "noise.h5"


def as_another_scan(folder: Path, noise: NDArray[np.complex64], lines: list[Readout]) -> Path:
    write_raw_scan(folder / "other.h5", scan(*noise_lines(noise), *lines))
    return folder / "other.h5"


def as_stream(folder: Path, noise: NDArray[np.complex64], lines: list[Readout]) -> Path:
    return write_stream_of(folder / "noise.mrd", as_mrd(folder, noise, lines))


def as_array(folder: Path, noise: NDArray[np.complex64], _lines: list[Readout]) -> Path:
    np.save(folder / "noise.npy", noise)
    return folder / "noise.npy"


@pytest.mark.parametrize("write", [as_mrd, as_another_scan, as_stream, as_array])
@pytest.mark.parametrize("own", [False, True])
def test_kspace_is_whitened_by_the_noise_of_the_file_in_the_place_of_its_own(
    write: Writer, own: bool, noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    other = noise_lines(complex_normal(np.random.default_rng(3), COILS, 500)) if own else []
    write_raw_scan(tmp_path / "scan.h5", scan(*other, *image_lines))
    found = read_slices(tmp_path / "scan.h5", noise=write(tmp_path, noise, image_lines))
    np.testing.assert_allclose(found[0].kspace, whitened(kspace_of(image_lines), noise), rtol=0, atol=2e-5)


def test_arrays_are_whitened_too(noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path) -> None:
    np.save(tmp_path / "scan.npy", kspace_of(image_lines))
    found = read_slices(tmp_path / "scan.npy", noise=as_array(tmp_path, noise, []))
    np.testing.assert_allclose(found[0].kspace, whitened(kspace_of(image_lines), noise), rtol=0, atol=2e-5)


def test_embed_gives_the_rows_of_a_scan_with_these_noise_lines(
    model_file: Path, noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    write_raw_scan(tmp_path / "with.h5", scan(*noise_lines(noise), *image_lines))
    write_raw_scan(tmp_path / "without.h5", scan(*image_lines))
    run("embed", model_file, tmp_path / "with.h5", "-o", tmp_path / "with.npy")
    run("embed", model_file, tmp_path / "without.h5", "-o", tmp_path / "plain.npy")
    run(
        "embed",
        model_file,
        "--noise",
        as_mrd(tmp_path, noise, []),
        tmp_path / "without.h5",
        "-o",
        tmp_path / "noise.npy",
    )
    embeddings = {name: np.load(tmp_path / f"{name}.npy") for name in ("with", "plain", "noise")}
    np.testing.assert_array_equal(embeddings["noise"], embeddings["with"])
    assert not np.array_equal(embeddings["noise"], embeddings["plain"])


def test_inspect_says_whose_noise_it_is(
    noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    write_raw_scan(tmp_path / "scan.h5", scan(*noise_lines(noise[:, :500]), *image_lines))
    file = as_array(tmp_path, noise, [])
    facts = json.loads(run("inspect", "--json", "--noise", file, tmp_path / "scan.h5").stdout)
    assert facts["noise_samples"] == 2000
    assert facts["notes"] == ["its own noise lines are left out", f"noise: of {file}"]


@pytest.mark.parametrize(
    ("samples", "scale", "prewhitened"), [(500, 1, True), (3, 1, False), (500, 0, False)], ids=["enough", "few", "dead"]
)
def test_inspect_promises_prewhitening_only_where_the_noise_serves(
    noise: NDArray[np.complex64],
    image_lines: list[Readout],
    samples: int,
    scale: int,
    prewhitened: bool,
    tmp_path: Path,
) -> None:
    """A covariance of 4 coils needs more than 4 samples, and noise in them."""
    write_raw_scan(tmp_path / "scan.h5", scan(Readout(scale * noise[:, :samples], flags=NOISE), *image_lines))
    shown = run("inspect", tmp_path / "scan.h5").stdout
    promise = "prewhitening" if prewhitened else "no prewhitening"
    assert f"yes, {samples} samples per coil -> {promise}\n" in shown
    assert (": no prewhitening\n" in shown) is not prewhitened


def test_a_coil_that_is_dead_in_the_noise_is_left_out(
    noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    noise[1] = 0
    write_raw_scan(tmp_path / "scan.h5", scan(*image_lines))
    file, warnings = as_array(tmp_path, noise, []), list[str]()
    found = read_slices(tmp_path / "scan.h5", noise=file, on_warning=warnings.append)
    live = [0, 2, 3]
    np.testing.assert_allclose(found[0].kspace, whitened(kspace_of(image_lines)[live], noise[live]), rtol=0, atol=2e-5)
    assert warnings == [f"without noise in {file}, and left out as dead: coil 1 of 4"]


def refusal(*arguments: object) -> str:
    result = run("inspect", *arguments)
    assert result.returncode == 4
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def test_noise_that_cannot_serve_is_refused_in_one_line_with_its_file(
    noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    target, file = tmp_path / "scan.h5", tmp_path / "noise.npy"
    write_raw_scan(target, scan(*image_lines))
    np.save(file, noise[:3])
    assert f"{target}: it has 4 coils, but the noise measurement {file} has 3" in refusal("--noise", file, target)
    np.save(file, noise[:, :4])
    assert f"{file}: it has 4 noise samples of 4 coils; a covariance needs more" in refusal("--noise", file, target)
    np.save(file, noise[None])
    assert f"{file}: a noise measurement is a complex array (coils, samples); this is" in refusal(
        "--noise", file, target
    )
    assert f"{target}: it holds no noise lines" in refusal("--noise", target, target)
    assert "no-such-file" in refusal("--noise", tmp_path / "no-such-file", target)
    np.save(file, noise)
    images = tmp_path / "images.npy"
    np.save(images, kspace_of(image_lines))
    assert "it holds images; a noise measurement is for k-space" in refusal("--input", "image", "--noise", file, images)
    np.save(file, noise[:3])
    with pytest.raises(BadInputError, match="it has 4 coils, but the noise measurement"):
        read_slices(target, noise=file)
    np.save(file, noise[None])
    with pytest.raises(BadInputError, match=f"{file}: a noise measurement is a complex array"):
        read_slices(target, noise=file)


def test_noise_whose_coils_are_in_another_order_whitens_the_same_coils(
    noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    order = [2, 0, 3, 1]
    names = ("HEA1", "HEA2", "HEP1", "HEP2")
    write_raw_scan(tmp_path / "scan.h5", scan(*image_lines, coil_names=names))
    write_raw_scan(
        tmp_path / "noise.h5", scan(*noise_lines(noise[order]), coil_names=tuple(names[coil] for coil in order))
    )
    for file in (tmp_path / "noise.h5", write_stream_of(tmp_path / "noise.mrd", tmp_path / "noise.h5")):
        found = read_slices(tmp_path / "scan.h5", noise=file)
        np.testing.assert_allclose(found[0].kspace, whitened(kspace_of(image_lines), noise), rtol=0, atol=2e-5)


def test_noise_of_another_array_is_refused(
    noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    target, file = tmp_path / "scan.h5", tmp_path / "noise.h5"
    write_raw_scan(target, scan(*image_lines, coil_names=("HEA1", "HEA2", "HEP1", "HEP2")))
    write_raw_scan(file, scan(*noise_lines(noise), coil_names=("HEA1", "SP1", "SP2", "SP3")))
    assert (
        f'{target}: it has other coils than the noise measurement {file}: coil 1 is "HEA2" here and "SP1" there'
    ) in refusal("--noise", file, target)


def test_a_group_without_an_image_is_preferred_to_the_noise_lines_of_a_scan(
    noise: NDArray[np.complex64], image_lines: list[Readout], tmp_path: Path
) -> None:
    write_raw_scan(tmp_path / "scan.h5", scan(*image_lines))
    few = noise_lines(complex_normal(np.random.default_rng(4), COILS, 100))
    write_raw_scan(tmp_path / "both.h5", scan(*few, *image_lines))
    with h5py.File(as_mrd(tmp_path, noise, [])) as alone, h5py.File(tmp_path / "both.h5", "a") as both:
        alone.copy("dataset", both, "noise_scan")
    found = read_slices(tmp_path / "scan.h5", noise=tmp_path / "both.h5")
    np.testing.assert_allclose(found[0].kspace, whitened(kspace_of(image_lines), noise), rtol=0, atol=2e-5)
