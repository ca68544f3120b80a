import subprocess
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coil_samples import without_signal
from mriembed import CoilPreprocessor
from mriembed.preprocessing import square_field_of_view
from raw_scans import read_raw_scan
from reference import Reference, centred_fft2, centred_ifft2
from write_preprocessing_vectors import slice_images

few = settings(max_examples=25, deadline=None, derandomize=True)
sizes = st.integers(8, 33)


def separated_kspace(slices: int, coils: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """k-space whose coil Gram matrix has eigenvalues a factor of two apart, so that virtual coils are well defined."""
    rng = np.random.default_rng(seed)
    shape = (slices, coils, height * width)
    result = np.empty(shape, np.complex64)
    for index in range(slices):
        basis, _ = np.linalg.qr(rng.normal(size=shape[:0:-1]) + 1j * rng.normal(size=shape[:0:-1]))
        mixing, _ = np.linalg.qr(rng.normal(size=(coils, coils)) + 1j * rng.normal(size=(coils, coils)))
        result[index] = mixing @ (2.0 ** (-0.5 * np.arange(coils))[:, None] * basis.T)
    return result.reshape(slices, coils, height, width)


def covariance_of(coils: int, seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(coils, 40 * coils)) + 1j * rng.normal(size=(coils, 40 * coils))
    noise *= np.linspace(1, 3, coils)[:, None]
    noise[0] += 0.5 * noise[-1]
    result: np.ndarray = noise @ noise.conj().T / (noise.shape[1] - 1)
    return result


def prepared(
    preprocessor: CoilPreprocessor,
    kspace: np.ndarray,
    covariance: np.ndarray | None = None,
    readout_width: int | None = None,
) -> np.ndarray:
    psi = None if covariance is None else torch.from_numpy(covariance)
    result: np.ndarray = preprocessor(torch.from_numpy(kspace), psi, readout_width).numpy()
    return result


def assert_agrees(
    preprocessor: CoilPreprocessor,
    kspace: np.ndarray,
    covariance: np.ndarray | None = None,
    readout_width: int | None = None,
) -> None:
    reference = Reference(preprocessor.num_coils, preprocessor.coil_compression, preprocessor.matrix)
    psi = None if covariance is None else torch.from_numpy(covariance)
    stacked, energy_kept = preprocessor.preprocess_kspace(torch.from_numpy(kspace), psi, readout_width)
    for index, one in enumerate(kspace):
        expected, expected_energy = reference.from_kspace(one, covariance, readout_width)
        np.testing.assert_allclose(stacked[index], expected, rtol=0, atol=3e-5 * np.abs(expected).max())
        assert float(energy_kept[index]) == pytest.approx(expected_energy, abs=1e-6)


@few
@given(coils=st.integers(1, 12), height=sizes, width=sizes, seed=st.integers(0, 1000))
def test_agrees_with_the_steps_as_documented(coils: int, height: int, width: int, seed: int) -> None:
    assert_agrees(CoilPreprocessor(6), separated_kspace(2, coils, height, width, seed))


@few
@given(
    height=sizes,
    width=sizes,
    share=st.floats(0.3, 1.0),
    matrix=st.one_of(st.none(), st.integers(8, 48)),
    whiten=st.booleans(),
)
def test_agrees_with_cropping_whitening_and_any_matrix(
    height: int, width: int, share: float, matrix: int | None, whiten: bool
) -> None:
    covariance = covariance_of(5) if whiten else None
    kspace = separated_kspace(1, 5, height, width)
    assert_agrees(CoilPreprocessor(4, "pca", matrix), kspace, covariance, max(1, int(share * width)))


@pytest.mark.parametrize("height", [23, 24, 25, 60, 61])
def test_virtual_coils_are_those_of_the_24_central_lines(height: int) -> None:
    kspace = separated_kspace(1, 5, height, 20)
    begin = max(0, height // 2 - 12)
    others = separated_kspace(1, 5, height, 20, seed=1)  # mixes the coils in another way
    others[:, :, begin : begin + 24] = kspace[:, :, begin : begin + 24]
    assert_agrees(CoilPreprocessor(3), others)
    _, kept = CoilPreprocessor(3).preprocess_kspace(torch.from_numpy(kspace))
    _, kept_of_others = CoilPreprocessor(3).preprocess_kspace(torch.from_numpy(others))
    assert float(kept_of_others) == pytest.approx(float(kept), abs=1e-6)


@pytest.mark.parametrize("readout_width", [None, 13])
def test_all_lines_serve_where_the_central_ones_hold_no_signal(readout_width: int | None) -> None:
    kspace = separated_kspace(2, 5, 48, 26)
    kspace[1, :, 12:36] = 0
    assert_agrees(CoilPreprocessor(3), kspace, covariance_of(5), readout_width)


@pytest.mark.parametrize("matrix", [None, 16, 31])
def test_agrees_without_compression(matrix: int | None) -> None:
    kspace = separated_kspace(2, 4, 24, 19)
    assert_agrees(CoilPreprocessor(4, "none", matrix), kspace)
    assert_agrees(CoilPreprocessor(4, "none", matrix), kspace, covariance_of(4), 12)


def test_images_join_after_the_transform() -> None:
    kspace = separated_kspace(2, 9, 20, 27)
    preprocessor = CoilPreprocessor(8)
    images = np.stack([centred_ifft2(one) for one in kspace]).astype(np.complex64)
    stacked, energy_kept = preprocessor.preprocess_images(torch.from_numpy(images))
    np.testing.assert_allclose(stacked, prepared(preprocessor, kspace), rtol=0, atol=1e-4)
    for index, one in enumerate(images):
        expected, energy = Reference().from_images(one)
        np.testing.assert_allclose(stacked[index], expected, rtol=0, atol=3e-5 * np.abs(expected).max())
        assert float(energy_kept[index]) == pytest.approx(energy, abs=1e-6)


@few
@given(order=st.permutations(range(10)))
def test_the_order_of_coils_does_not_matter(order: list[int]) -> None:
    kspace = separated_kspace(1, 10, 18, 21)
    preprocessor = CoilPreprocessor(8)
    np.testing.assert_allclose(
        prepared(preprocessor, kspace[:, order]), prepared(preprocessor, kspace), rtol=0, atol=1e-4
    )


@few
@given(phases=st.lists(st.floats(-np.pi, np.pi), min_size=10, max_size=10))
def test_constant_phases_of_the_coils_do_not_matter(phases: list[float]) -> None:
    kspace = separated_kspace(1, 10, 18, 21)
    rotated = (kspace * np.exp(1j * np.array(phases)).reshape(1, 10, 1, 1)).astype(np.complex64)
    preprocessor = CoilPreprocessor(8)
    np.testing.assert_allclose(prepared(preprocessor, rotated), prepared(preprocessor, kspace), rtol=0, atol=1e-4)


@few
@given(exponent=st.floats(-30, 30))
def test_the_global_scale_does_not_matter_from_1e_minus_30_to_1e30(exponent: float) -> None:
    kspace = separated_kspace(1, 10, 18, 21)
    scaled = (kspace / np.abs(kspace).max() * 10.0**exponent).astype(np.complex64)
    preprocessor = CoilPreprocessor(8)
    np.testing.assert_allclose(prepared(preprocessor, scaled), prepared(preprocessor, kspace), rtol=0, atol=1e-4)
    covariance = covariance_of(10)
    np.testing.assert_allclose(
        prepared(preprocessor, scaled, covariance * 10.0 ** (exponent / 2)),
        prepared(preprocessor, kspace, covariance),
        rtol=0,
        atol=1e-4,
    )


@few
@given(seed=st.integers(0, 1000))
def test_prewhitening_takes_any_mixing_of_the_coils_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kspace = separated_kspace(1, 6, 20, 20)
    mixing = np.eye(6) + 0.3 * (rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6)))
    mixed = np.einsum("ij,bjyx->biyx", mixing, kspace).astype(np.complex64)
    preprocessor = CoilPreprocessor(6)
    np.testing.assert_allclose(
        prepared(preprocessor, mixed, mixing @ mixing.conj().T),
        prepared(preprocessor, kspace, np.eye(6, dtype=np.complex128)),
        rtol=0,
        atol=2e-4,
    )


def test_prewhitening_makes_noise_white() -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(5, 5)) + 1j * rng.normal(size=(5, 5))
    noise = mixing @ (rng.normal(size=(5, 64 * 64)) + 1j * rng.normal(size=(5, 64 * 64)))
    psi = noise @ noise.conj().T / (noise.shape[1] - 1)
    kspace = noise.reshape(1, 5, 64, 64).astype(np.complex64)
    white = images_of(kspace[0], covariance=psi).reshape(5, -1)
    covariance = white @ white.conj().T
    np.testing.assert_allclose(covariance / covariance[0, 0], np.eye(5), atol=1e-5)


@pytest.mark.parametrize("coils", [1, 2, 7])
def test_few_coils_fill_all_channels(coils: int) -> None:
    stacked, energy_kept = CoilPreprocessor(8).preprocess_kspace(torch.from_numpy(separated_kspace(1, coils, 12, 12)))
    assert stacked.shape == (1, 16, 12, 12)
    assert float(energy_kept) == 1.0
    assert bool((stacked[0].square().sum((1, 2)) > 0).all())


def test_the_result_has_unit_mean_energy_and_float32() -> None:
    stacked = CoilPreprocessor(8, "pca", 20)(torch.from_numpy(1e5 * separated_kspace(3, 12, 24, 31)))
    assert stacked.dtype == torch.float32
    torch.testing.assert_close(stacked.square().sum(1).mean((1, 2)), torch.ones(3))


@pytest.mark.parametrize(("height", "width"), [(40, 40), (40, 30), (31, 44), (48, 36)])
@pytest.mark.parametrize("matrix", [24, 25, 48, 63])
def test_a_matrix_keeps_values_and_places_of_a_smooth_image(height: int, width: int, matrix: int) -> None:
    square = max(height, width)

    def blob(rows: int, columns: int, pixel: float) -> np.ndarray:
        y, x = np.ogrid[:rows, :columns]
        y, x = (y - rows // 2) * pixel, (x - columns // 2) * pixel  # in pixels of the original image
        return np.exp(-((y - 2.5) ** 2 + (x + 1.5) ** 2) / (2 * (square / 12) ** 2))

    preprocessor = CoilPreprocessor(1, "none", matrix)
    stacked = preprocessor.preprocess_images(
        torch.from_numpy(blob(height, width, 1.0)[None, None].astype(np.complex64))
    )[0]
    expected = blob(matrix, matrix, square / matrix)
    expected /= np.sqrt(2 * np.mean(expected**2))  # magnitude and real part hold a half of the energy each
    np.testing.assert_allclose(stacked[0, 0], expected, rtol=0, atol=0.03 * expected.max())


def test_scripting_changes_nothing() -> None:
    kspace = torch.from_numpy(separated_kspace(3, 9, 18, 26))
    psi = torch.from_numpy(covariance_of(9))
    for num_coils, matrix in ((6, None), (6, 20), (1, 20), (2, None)):
        eager = CoilPreprocessor(num_coils, "pca", matrix)
        scripted = torch.jit.script(eager)
        for arguments in ((kspace,), (kspace, psi), (kspace, psi, 13), (kspace, None, 13)):
            torch.testing.assert_close(scripted(*arguments), eager(*arguments), rtol=0, atol=0)
            torch.testing.assert_close(scripted.preprocess_kspace(*arguments), eager.preprocess_kspace(*arguments))
        torch.testing.assert_close(scripted.preprocess_images(kspace), eager.preprocess_images(kspace), rtol=0, atol=0)


def test_a_slice_is_prepared_alike_in_any_batch() -> None:
    kspace = separated_kspace(5, 9, 18, 26)
    together = prepared(CoilPreprocessor(8), kspace)
    for index in range(5):
        alone = prepared(CoilPreprocessor(8), kspace[index : index + 1])
        np.testing.assert_allclose(alone[0], together[index], rtol=0, atol=1e-6 * np.abs(alone).max())


def edited(edit: Callable[[np.ndarray], None]) -> np.ndarray:
    kspace = separated_kspace(3, 4, 10, 10)
    edit(kspace)
    return kspace


@pytest.mark.parametrize("compression", ["pca", "none"])
@pytest.mark.parametrize("where", ["cropped readout", "cropped matrix", "low-resolution image"])
def test_a_slice_without_signal_where_it_is_needed_is_refused_by_its_number(where: str, compression: str) -> None:
    kspace = without_signal(where, 4)
    preprocessor = CoilPreprocessor(4, compression, 40)
    with pytest.raises(ValueError, match=f"slice 1 has no signal left inside the {where}"):
        prepared(preprocessor, kspace, None, 48 if where == "cropped readout" else None)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda k: k.__setitem__(1, 0), "slice 1 is all zero"),
        (lambda k: k.__setitem__((2, 3, 4, 5), np.nan), "slice 2 holds NaN or infinite"),
        (lambda k: k.__setitem__((0, 0, 0, 0), complex(0, np.inf)), "slice 0 holds NaN or infinite"),
    ],
)
def test_a_slice_without_finite_signal_is_refused_by_its_number(
    edit: Callable[[np.ndarray], None], expected: str
) -> None:
    for call in (CoilPreprocessor(4), CoilPreprocessor(4).preprocess_images):
        with pytest.raises(ValueError, match=expected):
            call(torch.from_numpy(edited(edit)))


@pytest.mark.parametrize("size", [16, 64, 97])
def test_signal_only_outside_the_cropped_readout_is_refused(size: int) -> None:
    images = np.zeros((2, 2, size, size), np.complex64)
    images[0] = 1
    images[1, ..., 0] = 1
    kspace = torch.from_numpy(centred_fft2(images).astype(np.complex64))
    with pytest.raises(ValueError, match="slice 1 has no signal left inside the cropped readout"):
        CoilPreprocessor(2).preprocess_kspace(kspace, None, size // 2)


def test_signal_only_outside_the_cropped_phase_encoding_is_refused() -> None:
    images = np.zeros((2, 2, 40, 40), np.complex64)
    images[0] = 1
    images[1, :, 2] = 1
    kspace = torch.from_numpy(centred_fft2(images).astype(np.complex64))
    for readout_width in (None, 20):
        with pytest.raises(ValueError, match="slice 1 has no signal left inside the cropped phase encoding"):
            CoilPreprocessor(2).preprocess_kspace(kspace, None, readout_width, 20)


@pytest.mark.parametrize("height", [0, 41])
def test_a_phase_height_that_cannot_be_is_refused(height: int) -> None:
    kspace = torch.ones(1, 2, 40, 40, dtype=torch.complex64)
    with pytest.raises(ValueError, match=r"phase height must lie in 1\.\.40 lines"):
        CoilPreprocessor(2).preprocess_kspace(kspace, None, None, height)


def test_a_square_field_of_view_that_does_not_hold_the_slice_is_refused() -> None:
    kspace = torch.ones(1, 2, 40, 30, dtype=torch.complex64)
    with pytest.raises(ValueError, match=r"the square field of view \(39, 40\) does not hold the slice"):
        CoilPreprocessor(2, "pca", 32).preprocess_kspace(kspace, None, None, None, (39, 40))


@few
@given(height=st.integers(1, 600), width=st.integers(1, 600), aspect=st.floats(1 / 16, 16))
def test_the_square_field_of_view_is_the_smallest_that_holds_the_slice(height: int, width: int, aspect: float) -> None:
    rows, columns = square_field_of_view(height, width, aspect)
    assert rows >= height
    assert columns >= width
    assert rows == height or columns == width
    assert abs(rows * aspect - columns) <= 0.5 * max(1, aspect) + 1e-6
    assert square_field_of_view(height, width, 1.0) == (max(height, width), max(height, width))


def ellipses(ky: np.ndarray, kx: np.ndarray) -> np.ndarray:
    """k-space (coils, ky, kx) of ellipses seen by two coils, at places in cycles per millimetre: exact for any grid."""
    ky, kx = ky[:, None], kx[None, :]
    coils = []
    for seen in ([(1.0, 6, -9, 60, 80), (0.8, -18, 25, 14, 20)], [(0.9, 2, 4, 64, 76), (-0.5, 22, -20, 10, 16)]):
        total = np.zeros((ky.size, kx.size), complex)
        for density, x, y, radius_x, radius_y in seen:
            length = np.hypot(radius_x * kx, radius_y * ky)
            angle = np.linspace(0, np.pi, 400, endpoint=False) + np.pi / 800
            # The transform of a disc, J1(2 pi r) / r, by the integral of Bessel's function.
            bessel = np.cos(2 * np.pi * length[..., None] * np.sin(angle) - angle).mean(-1)
            disc = np.where(length < 1e-9, np.pi, bessel / np.maximum(length, 1e-9))
            total += density * radius_x * radius_y * disc * np.exp(-2j * np.pi * (kx * x + ky * y))
        coils.append(total)
    return np.array(coils)


@pytest.mark.parametrize(
    ("lines", "field", "oversampling"),
    [(96, 240.0, 1), (72, 240.0, 1), (120, 240.0, 1), (81, 202.5, 1), (108, 240.0, 1.5), (60, 200.0, 1.25)],
)
def test_an_object_has_the_same_shape_whatever_lines_it_was_measured_with(
    lines: int, field: float, oversampling: float
) -> None:
    """240 mm along x; along y another number of lines, another field of view, and phase oversampling."""
    samples, matrix = 96, 48

    def network_input(lines: int, field: float, oversampling: float) -> np.ndarray:
        ky = (np.arange(lines) - lines // 2) / (field * oversampling)
        kx = (np.arange(samples) - samples // 2) / 240.0
        kspace = torch.from_numpy(ellipses(ky, kx)[None].astype(np.complex64))
        height = round(lines / oversampling)
        square = square_field_of_view(height, samples, field / height / (240.0 / samples))
        stacked, _ = CoilPreprocessor(2, "pca", matrix).preprocess_kspace(kspace, None, None, height, square)
        return stacked[0].numpy()

    expected, found = network_input(96, 240.0, 1), network_input(lines, field, oversampling)
    assert np.linalg.norm(found - expected) < 0.05 * np.linalg.norm(expected)


def test_signal_only_outside_the_matrix_is_refused() -> None:
    kspace = np.zeros((1, 2, 96, 96), np.complex64)
    kspace[..., 2] = 1  # farther out than the echo is looked for
    with pytest.raises(ValueError, match="slice 0 has no signal left inside the cropped matrix"):
        CoilPreprocessor(2, "pca", 24).preprocess_kspace(torch.from_numpy(kspace))
    with pytest.raises(ValueError, match="slice 0 has no signal left inside the low-resolution image"):
        CoilPreprocessor(2, "pca", 96).preprocess_kspace(torch.from_numpy(kspace))


@pytest.mark.parametrize(
    ("arguments", "error", "expected"),
    [
        ((torch.ones(1, 4, 8, 8),), TypeError, "expected a complex tensor"),
        ((torch.ones(4, 8, 8, dtype=torch.complex64),), ValueError, "expected 4 dimensions"),
        ((torch.ones(1, 4, 0, 8, dtype=torch.complex64),), ValueError, "without empty axes"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), torch.eye(3)), ValueError, r"covariance \(4, 4\)"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), torch.ones(4, 4)), ValueError, "not positive definite"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), torch.zeros(4, 4)), ValueError, "no noise power"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), None, 9), ValueError, "readout width must lie in 1..8"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), None, 0), ValueError, "readout width must lie in 1..8"),
    ],
)
def test_wrong_input_is_refused_with_what_was_expected(
    arguments: tuple[object, ...], error: type[Exception], expected: str
) -> None:
    with pytest.raises(error, match=expected):
        CoilPreprocessor(4)(*arguments)


def test_without_compression_exactly_the_number_of_coils_is_demanded() -> None:
    for coils in (3, 5):
        with pytest.raises(ValueError, match="exactly 4 coils"):
            CoilPreprocessor(4, "none")(torch.ones(1, coils, 8, 8, dtype=torch.complex64))


@pytest.mark.parametrize("wrong", [{"num_coils": 0}, {"coil_compression": "svd"}, {"matrix": 7}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        CoilPreprocessor(**wrong)  # type: ignore[arg-type]


def bart_ifft(kspace: np.ndarray, folder: Path) -> np.ndarray:
    """`bart fft -u -i 3` of (coils, y, x)."""
    coils, height, width = kspace.shape
    (folder / "in.hdr").write_text(f"# Dimensions\n{width} {height} 1 {coils}\n")
    kspace.astype(np.complex64).tofile(folder / "in.cfl")
    subprocess.run(["bart", "fft", "-u", "-i", "3", "in", "out"], cwd=folder, check=True)
    return np.fromfile(folder / "out.cfl", np.complex64).reshape(coils, height, width)


def images_of(kspace: np.ndarray, readout_width: int | None = None, covariance: np.ndarray | None = None) -> np.ndarray:
    """Coil images as the preprocessor makes them (steps 0 to 3)."""
    psi = None if covariance is None else torch.from_numpy(covariance)
    preprocessor = CoilPreprocessor(len(kspace), "none")
    return preprocessor._virtual_coils(torch.from_numpy(kspace[None]), psi, readout_width, None)[0][0].numpy()


def assert_equal_up_to_scale(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    ours = ours * np.sqrt(np.mean(np.abs(theirs) ** 2) / np.mean(np.abs(ours) ** 2))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("size", [(32, 32), (31, 24), (17, 45)])
def test_agrees_with_bart_on_generated_data(size: tuple[int, int], tmp_path: Path) -> None:
    kspace = separated_kspace(1, 4, *size)[0]
    assert_equal_up_to_scale(images_of(kspace), bart_ifft(kspace, tmp_path), 1e-5)


def test_agrees_with_bart_on_measured_data(shared_data: Path, tmp_path: Path) -> None:
    for name in ("twixtools-phantom-2ch/v1_gre.npy", "sigpy-brain-8ch-us/cartesian_ksp.npy"):
        kspace = np.load(shared_data / name).astype(np.complex64)
        assert_equal_up_to_scale(images_of(kspace), bart_ifft(kspace, tmp_path), 1e-5)


def peer_reconstruction(path: Path) -> np.ndarray:
    """Root-sum-of-squares image by ismrmrd_recon_cartesian_2d, which adds it to the file."""
    subprocess.run(["ismrmrd_recon_cartesian_2d", str(path)], check=True, stdout=subprocess.DEVNULL)
    with h5py.File(path) as file:
        return np.asarray(file["dataset/cpp/data"]).squeeze()


def with_slice_only(path: Path, index: int, to: Path) -> Path:
    """A copy with the lines of one slice: the peer's reconstruction knows no others."""
    with h5py.File(path) as file, h5py.File(to, "w") as copy:
        file.copy("dataset/xml", copy.create_group("dataset"), "xml")
        lines = file["dataset/data"]
        wanted = [i for i, head in enumerate(lines["head"]) if head["idx"]["slice"] == index]
        copy["dataset"].create_dataset("data", data=lines[wanted], dtype=lines.dtype, maxshape=(None,), chunks=(1,))
    return to


def assert_agrees_with_peer(path: Path) -> None:
    scan = read_raw_scan(path)
    assert len(scan.kspace) == 1
    ours = np.sqrt(np.sum(np.abs(images_of(scan.kspace[0], scan.readout_width)) ** 2, axis=0))
    assert_equal_up_to_scale(ours, peer_reconstruction(path), 1e-5)


@pytest.mark.parametrize("matrix", ["64", "48"])
def test_agrees_with_the_ismrmrd_reconstruction_on_generated_data(tmp_path: Path, matrix: str) -> None:
    path = tmp_path / "phantom.h5"
    command = ["ismrmrd_generate_cartesian_shepp_logan", "-m", matrix, "-c", "8", "-o", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert_agrees_with_peer(path)


@pytest.mark.parametrize("index", [0, 1])
def test_agrees_with_the_ismrmrd_reconstruction_on_measured_data(shared_data: Path, tmp_path: Path, index: int) -> None:
    path = shared_data / "twixtools-phantom-2ch/gre_2slices_os2.ismrmrd.h5"
    assert_agrees_with_peer(with_slice_only(path, index, tmp_path / "slice.h5"))


def body_images(coils: int, size: int, seed: int = 0) -> np.ndarray:
    """(coils, y, x): a body under smooth coils, inside a field of view with air around it."""
    images: np.ndarray = slice_images(coils, size, size, seed, noise=0.0)
    return images


def channels_of(images: np.ndarray, num_coils: int = 8, matrix: int | None = 48) -> np.ndarray:
    preprocessor = CoilPreprocessor(num_coils, "pca", matrix)
    result: np.ndarray = preprocessor(torch.from_numpy(centred_fft2(images)[None].astype(np.complex64)))[0].numpy()
    return result


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Relative, in the root mean square."""
    return float(np.sqrt(np.mean((a - b) ** 2) / np.mean(b**2)))


@few
@given(seed=st.integers(0, 1000))
def test_a_unitary_mixing_of_the_coils_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixing, _ = np.linalg.qr(rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6)))
    images = body_images(6, 64)
    mixed = np.einsum("ij,jyx->iyx", mixing, images)
    assert difference(channels_of(mixed), channels_of(images)) < 1e-4


@pytest.mark.parametrize("displaced", [(1, 0), (0, -1), (8, -3), (-8, 8)])
def test_a_displaced_echo_does_not_matter(displaced: tuple[int, int]) -> None:
    images = body_images(6, 96)
    y, x = np.ogrid[:96, :96]
    ramp = np.exp(2j * np.pi * (displaced[0] * (y - 48) + displaced[1] * (x - 48)) / 96)
    assert difference(channels_of(images * ramp), channels_of(images)) < 0.01


@pytest.mark.parametrize("fraction", [0.3, 0.5, 2.6])
def test_an_echo_between_samples_matters_little(fraction: float) -> None:
    images = body_images(6, 96)
    ramp = np.exp(2j * np.pi * fraction * (np.arange(96) - 48) / 96)
    assert difference(channels_of(images * ramp), channels_of(images)) < 0.06


@few
@given(seed=st.integers(0, 1000))
def test_a_smooth_phase_matters_little(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, x = (np.mgrid[:96, :96] - 48) / 48
    terms = (y, x, y * y, x * x, x * y, np.cos(2 * y + 1), np.sin(2 * x + y))
    phase = sum(rng.uniform(-1.5, 1.5) * term for term in terms)
    images = body_images(6, 96)
    plain = channels_of(images)
    turned = channels_of(images * np.exp(1j * phase))
    assert difference(turned, plain) < 0.15
    assert np.corrcoef(turned.ravel(), plain.ravel())[0, 1] > 0.99


def test_gains_and_another_array_matter_less_than_the_slice() -> None:
    images, others = body_images(6, 96), body_images(6, 96, seed=1)
    louder = images * np.array([2.0, 0.5, 1.5, 0.7, 1.0, 1.3])[:, None, None]
    turned = slice_images(9, 96, 96, 0, noise=0.0, turn=0.4)
    plain = channels_of(images)
    assert difference(channels_of(louder), plain) < 0.25
    assert difference(channels_of(turned), plain) < 0.25
    assert difference(channels_of(others), plain) > 0.5


def test_air_stays_dark() -> None:
    images = slice_images(6, 96, 96, 0, noise=0.01)
    stacked = channels_of(images, matrix=96)
    body = np.abs(images).sum(0) > 0.5
    power = (stacked**2).sum(0)
    assert power[~body].mean() < 0.05 * power[body].mean()
