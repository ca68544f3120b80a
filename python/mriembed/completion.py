"""Missing lines of k-space along y, filled in for the virtual coils: the definition that libmriembed's kernels follow.

GRAPPA fills lines between measured ones, conjugate symmetry those that partial Fourier leaves out. Both take one slice
as k-space along y and as images along x, whose origin does not matter.
`scripts/benchmarks/undersampled.py` compares them with other ways.
"""

import math

import torch
from torch import Tensor, nn

MOST_GAP = 6  # lines from a measured one to the next, for acceleration up to 6
TAPS = 5  # of the kernel along kx
REGULARIZATION = 1e-3  # Tikhonov's, of the mean diagonal of the normal equations
FEWEST_MIRRORED = 4  # lines beyond the echo that a phase is found from


class LineCompletion(nn.Module):
    """Fills missing lines of one slice at a time; scriptable, holds no weights."""

    def __init__(self) -> None:
        super().__init__()
        self.most_gap = MOST_GAP
        self.taps = TAPS
        self.regularization = REGULARIZATION
        self.fewest_mirrored = FEWEST_MIRRORED

    @torch.jit.export
    def fill_between(self, hybrid: Tensor, measured: Tensor, begin: int, end: int) -> tuple[Tensor, int]:
        """Fills each line between two measured ones from these two.

        This is GRAPPA (Griswold et al. 2002, doi:10.1002/mrm.10171). The kernel spans two lines, at most `MOST_GAP`
        apart, and `TAPS` samples along kx, where k-space is taken as cyclic. Its weights fit the calibration lines best
        by least squares. Each position there counts by the inverse of the energy of the lines that it spans: otherwise
        the lines around the echo outvote the others.

        Args:
            hybrid: (coils, lines, x) complex.
            measured: (lines,) bool.
            begin, end: the calibration lines, begin to end - 1, all of them measured.

        Returns:
            Such a slice, and the number of lines that were filled. Lines at the ends of k-space and in gaps wider than
            `MOST_GAP` or than the calibration lines are left as they are.
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
            if gap == 1 or gap > self.most_gap or gap >= end - begin or not energy > 0:
                continue
            if gap not in weights:
                weights[gap] = self._weights(calibration, gap)
            sources = torch.cat([found[:, before], found[:, after]]).T[:, None]  # (x, 1, lines x coils)
            between = torch.matmul(sources, weights[gap])[:, 0].reshape(found.size(2), gap - 1, found.size(0))
            filled[:, before + 1 : after] = between.permute(2, 1, 0).to(hybrid.dtype)
            count += gap - 1
        return filled, count

    def _weights(self, calibration: Tensor, gap: int) -> Tensor:
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
        tap = torch.arange(self.taps, device=calibration.device) - self.taps // 2
        unknowns = self.taps * 2 * coils
        gram = products[(tap[None, :] - tap[:, None]) % width].permute(0, 2, 1, 3).reshape(unknowns, unknowns)
        right = cross[(-tap) % width].reshape(unknowns, (gap - 1) * coils)
        added = self.regularization * torch.real(torch.diagonal(gram)).mean()
        solved = torch.linalg.solve(gram + added * torch.eye(unknowns, dtype=torch.float64, device=gram.device), right)
        x = torch.arange(width, device=calibration.device, dtype=torch.float64)
        turn = x[:, None] * tap * (2 * math.pi / width)
        roots = torch.complex(torch.cos(turn), torch.sin(turn))
        return torch.matmul(roots, solved.reshape(self.taps, -1)).reshape(width, 2 * coils, (gap - 1) * coils)

    @torch.jit.export
    def fill_beyond(self, hybrid: Tensor, begin: int, end: int, echo: int) -> tuple[Tensor, int]:
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
        if mirrored < self.fewest_mirrored or count == 0:
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
