"""What scripts/benchmarks/check_rates.py counts, and the scans that it draws."""

from typing import Any

import numpy as np
import pytest
import torch
from check_figures import names_the_fault, quantiles, says_not_judged
from drawn_scans import FILLINGS, Kind, draw_scan, filled_slice

from mriembed.simulation import simulate_images, simulate_kspace


def said(not_judged: str, *channels: list[int]) -> dict[str, Any]:
    return {"not_judged": not_judged, "findings": [{"channels": list(of_one)} for of_one in channels]}


def test_a_fault_of_a_coil_counts_as_found_if_a_finding_names_the_coil() -> None:
    assert names_the_fault(said("", [], [2, 3]), (3,))
    assert not names_the_fault(said("", [], [2]), (3,))
    assert names_the_fault(said("", []), ())
    assert not names_the_fault(said(""), ())


@pytest.mark.parametrize(
    ("text", "fault", "coils", "expected"),
    [
        (
            "noise and gain (no part of k-space is empty); coils against the array (less than 3)",
            "weak element",
            3,
            True,
        ),
        ("noise and gain of some coils (no part of their k-space is empty): coil 3, coil 5", "weak element", 3, True),
        ("noise and gain of some coils (no part of their k-space is empty): coil 3, coil 5", "weak element", 4, False),
        ("noise and gain of some coils (no part of their k-space is empty): coil 13", "weak element", 3, False),
        ("ghosts and motion (less than 24 lines side by side, or noise alone)", "rotation", None, True),
        ("noise and gain (no part of k-space is empty)", "rotation", None, False),
        ("noise and gain (no part of k-space is empty)", "lost lines", None, False),
        ("", "weak element", 3, False),
    ],
)
def test_what_was_not_judged_is_said_of_all_coils_or_of_the_one_at_fault(
    text: str, fault: str, coils: int | None, expected: bool
) -> None:
    assert says_not_judged(said(text), fault, () if coils is None else (coils,)) == expected


def test_there_are_no_quantiles_of_nothing() -> None:
    assert quantiles([]) == {}
    assert quantiles([3.0, 1.0, 2.0])["0.5"] == 2


def test_a_scan_is_the_same_for_the_same_number_and_another_for_another() -> None:
    kind = Kind(32, (4, 6))
    first, second, other = draw_scan(1, 2, kind), draw_scan(1, 2, kind), draw_scan(1, 4, kind)
    np.testing.assert_array_equal(first.raw.kspace, second.raw.kspace)
    assert first.raw.kspace.shape[2:] == (32, 32)
    assert first.raw.noise is not None
    assert draw_scan(1, 3, kind).raw.noise is None
    assert not np.array_equal(first.raw.kspace[0, :4], other.raw.kspace[0, :4])


def images_of(kspace: np.ndarray) -> np.ndarray:
    """(slices, y, x): root sum of squares over coils."""
    images = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes=(-2, -1)), norm="ortho"), axes=(-2, -1))
    return np.asarray(np.sqrt((np.abs(images) ** 2).sum(axis=1)))


def test_neighbouring_slices_show_one_object() -> None:
    for number in range(4):
        scan = draw_scan(1, number, Kind(48, (6,), slices=3))
        assert scan.raw.kspace.shape == (3, 6, 48, 48)
        images = images_of(scan.raw.kspace).reshape(3, -1)
        other = images_of(draw_scan(1, number + 10, Kind(48, (6,), slices=3)).raw.kspace).reshape(3, -1)
        assert np.corrcoef(images)[0, 1] > 0.8
        assert np.corrcoef(images[0], other[0])[0, 1] < np.corrcoef(images)[0, 1]


def test_filled_scans_have_signal_at_the_edges_of_the_field_of_view() -> None:
    shares = []
    for filled in (False, True):
        of_kind = []
        for number in range(6):
            scan = draw_scan(1, number, Kind(48, (6,), filled=filled))
            assert (scan.raw.noise is None) == (number % 2 == 1)
            (image,) = images_of(scan.raw.kspace)
            edges = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
            of_kind.append(float(np.mean(edges) / np.mean(image)))
        shares.append(np.median(of_kind))
    assert shares[1] > 2 * shares[0]


def test_what_an_object_has_beyond_the_field_of_view_wraps_around_along_y() -> None:
    """The image is that of the middle half along x, its upper and lower quarter added to the other half along y."""
    size, coils = 24, 3
    generator = torch.Generator().manual_seed(4)
    larger = simulate_kspace(simulate_images(1, 1, 2 * size, generator), coils, generator).numpy()[0]
    whole = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(larger, axes=(1, 2)), norm="ortho"), axes=(1, 2))
    expected = np.zeros((coils, size, size), np.complex128)
    for y in range(2 * size):
        expected[:, (y - size // 2) % size] += whole[:, y, size // 2 : size // 2 + size]
    generator = torch.Generator().manual_seed(4)
    kspace = filled_slice("larger than the field of view", size, coils, generator)[0]
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes=(1, 2)), norm="ortho"), axes=(1, 2))
    np.testing.assert_allclose(image, expected, atol=1e-5)


def test_all_kinds_of_filled_scans_come_with_and_without_a_noise_measurement() -> None:
    textured = [filled_slice(filling, 32, 2, torch.Generator().manual_seed(1)) for filling in FILLINGS]
    rough = [float(np.abs(np.diff(images_of(kspace)[0], axis=0)).mean()) for kspace in textured]
    assert rough[2] > 1.5 * rough[0]
    assert len({(number // 2 % len(FILLINGS), number % 2) for number in range(2 * len(FILLINGS))}) == 6
