"""Missing lines of k-space along y, filled in for the virtual coils: the definition that libmriembed's kernels follow.

GRAPPA fills lines between measured ones, conjugate symmetry those that partial Fourier leaves out. Which lines are
filled, `docs/preprocessing.md` says; `scripts/benchmarks/undersampled.py` compares this with other ways.
"""

import math
from itertools import pairwise
from typing import Optional

import torch
from torch import Tensor

from mriembed.fourier import centred_fft, centred_resize
from mriembed.preprocessing import ECHO_WINDOW, CoilPreprocessor

MOST_GAP = 6  # lines from a measured one to the next, for acceleration up to 6
TAPS = 5  # of the kernel along kx
REGULARIZATION = 1e-3  # Tikhonov's, of the mean diagonal of the normal equations
ACS_LINES_PER_GAP = 3  # that a gap of each line needs: with fewer, zeros are nearer to the missing lines
FEWEST_MIRRORED = 4  # lines beyond the echo that a phase is found from
WHOLE_END = 16  # an end of k-space that lacks at most this part of the lines counts as measured


def complete_lines(
    preprocessor: CoilPreprocessor,
    kspace: Tensor,
    noise_covariance: Optional[Tensor] = None,
    readout_width: Optional[int] = None,
    phase_height: Optional[int] = None,
) -> Tensor:
    """Fills missing lines of k-space as far as possible, for `preprocessor.preprocess_kspace`.

    `Embedder.embed_kspace` does this itself. A line is missing if it is zero in all coils. The lines of the virtual
    coils are filled; the coils get the lines that give these virtual coils.

    Args:
        preprocessor: how coils are compressed.
        kspace: see `CoilPreprocessor.preprocess_kspace`, as the other arguments.
        noise_covariance: see there.
        readout_width: see there.
        phase_height: see there.

    Returns:
        (B, coils, y, x) complex64 or complex128, as `kspace`, with the same measured lines; `kspace` itself if nothing
        is filled.

    Raises:
        TypeError, ValueError: as `CoilPreprocessor.preprocess_kspace`.
    """
    measured = torch.view_as_real(kspace.resolve_conj()).ne(0).any(-1).any(-1).any(1)
    plans = [_Plan(lines) for lines in measured]
    if not any(plan.fills for plan in plans):
        return kspace
    coils, width = kspace.size(1), kspace.size(3)
    peak = torch.view_as_real(kspace.resolve_conj()).abs().flatten(1).amax(1).reshape(-1, 1, 1, 1)
    hybrid, weights = preprocessor.coil_weights(kspace, noise_covariance, readout_width, phase_height)
    completed = kspace.clone()
    for index, plan in enumerate(plans):
        if not plan.fills:
            continue
        virtual = torch.matmul(weights[index], hybrid[index].flatten(1).to(weights.dtype))
        filled = plan.filled(virtual.reshape(-1, hybrid.size(2), hybrid.size(3)))
        of_coils = torch.matmul(torch.linalg.pinv(weights[index]), filled.flatten(1)).reshape(coils, *filled.shape[1:])
        lines = centred_fft(centred_resize(of_coils, 2, width), 2) * peak[index]
        completed[index] = torch.where(measured[index, :, None], kspace[index], lines.to(kspace.dtype))
    return completed


class _Plan:
    """What is done with a slice's missing lines."""

    def __init__(self, measured: Tensor) -> None:
        """Of `measured`, (lines,) bool."""
        self.measured = measured
        lines = measured.size(0)
        begin, end = _longest_run(measured)
        shorter, longer = sorted((lines // 2 - begin, end - lines // 2))
        if 3 * shorter < 2 * longer:
            begin, end = 0, 0
        self.calibration = (begin, end)
        there: list[int] = measured.nonzero().flatten().tolist()
        gaps = [after - before for before, after in pairwise(there) if after - before > 1]
        fillable = [gap for gap in gaps if _fills(gap, end - begin)]
        self.between = len(fillable) > 0
        self.extent = (there[0], there[-1] + 1) if there else (0, 0)
        begins_late = self.extent[0] > lines // WHOLE_END
        ends_early = lines - self.extent[1] > lines // WHOLE_END
        self.partial = bool(there) and len(fillable) == len(gaps) and begins_late != ends_early
        self.fills = self.between or self.partial

    def filled(self, hybrid: Tensor) -> Tensor:
        """The virtual coils (coils, lines, x), k-space along y and images along x, with what can be filled."""
        if self.between:
            hybrid = fill_between(hybrid, self.measured, *self.calibration)[0]
        if self.partial:
            hybrid = fill_beyond(hybrid, *self.extent, _echo_line(hybrid))[0]
        return hybrid


def _fills(gap: int, acs_lines: int) -> bool:
    """Whether lines between two measured ones that are `gap` lines apart are filled from so many ACS lines."""
    return 1 < gap <= MOST_GAP and ACS_LINES_PER_GAP * gap <= acs_lines


def _longest_run(measured: Tensor) -> tuple[int, int]:
    """The first of the longest runs of measured lines, begin to end - 1."""
    longest, begin = (0, 0), 0
    for line, there in enumerate(measured.tolist()):
        if not there:
            begin = line + 1
        elif line + 1 - begin > longest[1] - longest[0]:
            longest = (begin, line + 1)
    return longest


def _echo_line(hybrid: Tensor) -> int:
    """The line that holds the echo, by the circular mean of the lines' energies (step 5.1 of the preprocessing)."""
    lines = hybrid.size(1)
    window = min(lines, ECHO_WINDOW)
    central = hybrid.narrow(1, lines // 2 - window // 2, window)
    energy = torch.view_as_real(central).square().sum([0, 2, 3]).to(torch.float64)
    turn = (torch.arange(window, device=hybrid.device, dtype=torch.float64) - window // 2) * (2 * math.pi / window)
    mean = torch.atan2((energy * torch.sin(turn)).sum(), (energy * torch.cos(turn)).sum())
    return lines // 2 + int(torch.round(mean * (window / (2 * math.pi))))


def fill_between(hybrid: Tensor, measured: Tensor, begin: int, end: int) -> tuple[Tensor, int]:
    """Fills each line between two measured ones from these two.

    This is GRAPPA (Griswold et al. 2002, doi:10.1002/mrm.10171). The kernel spans two lines, at most `MOST_GAP`
    apart, and `TAPS` samples along kx, where k-space is taken as cyclic. Its weights fit the ACS lines best
    by least squares. Each position there counts by the inverse of the energy of the lines that it spans: otherwise
    the lines around the echo outvote the others.

    Args:
        hybrid: (coils, lines, x) complex.
        measured: (lines,) bool.
        begin, end: the ACS lines, begin to end - 1, all of them measured.

    Returns:
        Such a slice, and the number of lines that were filled. Lines at the ends of k-space, in gaps wider than
        `MOST_GAP` and in gaps that there are too few ACS lines for are left as they are.
    """
    found = hybrid.to(torch.complex128)
    filled = hybrid.clone()
    calibration = found[:, begin:end]
    energy = float(torch.view_as_real(calibration).square().sum())
    lines: list[int] = measured.nonzero().flatten().tolist()
    weights: dict[int, Tensor] = {}
    count = 0
    for index in range(1, len(lines)):
        before, after = lines[index - 1], lines[index]
        gap = after - before
        if not _fills(gap, end - begin) or not energy > 0:
            continue
        if gap not in weights:
            weights[gap] = _weights(calibration, gap)
        sources = torch.cat([found[:, before], found[:, after]]).T[:, None]  # (x, 1, lines x coils)
        between = torch.matmul(sources, weights[gap])[:, 0].reshape(found.size(2), gap - 1, found.size(0))
        filled[:, before + 1 : after] = between.permute(2, 1, 0).to(hybrid.dtype)
        count += gap - 1
    return filled, count


def _weights(calibration: Tensor, gap: int) -> Tensor:
    """Weights of both measured lines' coils for the lines between, (x, 2 x coils, (gap - 1) x coils).

    A kernel along kx is a trigonometric polynomial in x: the normal equations hold sums over x of products of two
    lines times exp(2 pi i lag x / width), for the differences of taps.
    """
    coils, lines, width = calibration.shape
    positions = lines - gap
    spanned = torch.view_as_real(calibration).square().sum([0, 2, 3]).unfold(0, gap + 1, 1).sum(1)
    position_weights = 1 / (spanned / spanned.max() + 1e-6)
    sources = torch.cat([calibration[:, :positions], calibration[:, gap:]]).permute(2, 0, 1)
    targets = torch.cat([calibration[:, line : line + positions] for line in range(1, gap)]).permute(2, 1, 0)
    weighted = sources.conj() * position_weights
    products = torch.fft.ifft(torch.matmul(weighted, sources.transpose(1, 2)), dim=0, norm="forward")  # by lag
    cross = torch.fft.ifft(torch.matmul(weighted, targets), dim=0, norm="forward")
    tap = torch.arange(TAPS, device=calibration.device) - TAPS // 2
    unknowns = TAPS * 2 * coils
    gram = products[(tap[None, :] - tap[:, None]) % width].permute(0, 2, 1, 3).reshape(unknowns, unknowns)
    right = cross[(-tap) % width].reshape(unknowns, (gap - 1) * coils)
    added = REGULARIZATION * torch.real(torch.diagonal(gram)).mean()
    solved = torch.linalg.solve(gram + added * torch.eye(unknowns, dtype=torch.float64, device=gram.device), right)
    x = torch.arange(width, device=calibration.device, dtype=torch.float64)
    turn = x[:, None] * tap * (2 * math.pi / width)
    roots = torch.complex(torch.cos(turn), torch.sin(turn))
    return torch.matmul(roots, solved.reshape(TAPS, -1)).reshape(width, 2 * coils, (gap - 1) * coils)


def fill_beyond(hybrid: Tensor, begin: int, end: int, echo: int) -> tuple[Tensor, int]:
    """Fills lines beyond the measured ones from their mirror images about the echo.

    Homodyne detection (Noll et al. 1991, IEEE Trans. Med. Imaging 10, 154) for each coil: the phase is that of the
    lines whose mirror image was measured too, under a Hann window. Measured lines stay as they are.

    Args:
        hybrid: (coils, lines, x) complex.
        begin, end: the measured lines, begin to end - 1, without gaps.
        echo: the line of the echo.

    Returns:
        Such a slice, and the number of lines that were filled: those beyond the nearer end whose mirror image was
        measured. None where fewer than `FEWEST_MIRRORED` lines lie beyond the echo.
    """
    lines = hybrid.size(1)
    before, after = echo - begin + 1, end - echo
    mirrored = min(before, after)
    line = torch.arange(lines, device=hybrid.device)
    measured = (line >= begin) & (line < end)
    opposite = 2 * echo - line
    missing = (line >= end) if after < before else (line < begin)
    missing = missing & (opposite >= begin) & (opposite < end)
    count = int(missing.sum())
    if mirrored < FEWEST_MIRRORED or count == 0:
        return hybrid, 0
    away = (line - echo) if after < before else (echo - line)
    share = away.to(torch.float64) / float(mirrored)
    window = torch.cos(0.5 * math.pi * share).square() * (share.abs() < 1) * measured
    ramp = (1 - share).clamp(0.0, 2.0) * measured  # a line and its mirror image together: 2
    low = torch.fft.ifft(hybrid * window[:, None], dim=1)
    image = torch.fft.ifft(hybrid * ramp[:, None], dim=1)
    phase = low / low.abs().clamp(min=1e-15)
    again = torch.fft.fft(torch.real(image * phase.conj()) * phase, dim=1)
    return torch.where(missing[:, None], again.to(hybrid.dtype), hybrid), count
