"""Lines that an accelerated scan leaves out."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from completion_reference import grappa_line
from mriembed.completion import fill_between, fill_beyond
from mriembed.fourier import image_to_kspace


def random_complex(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.view_as_complex(torch.randn(*shape, 2, generator=generator, dtype=torch.float64))


def regular(lines: int, factor: int, begin: int, end: int) -> torch.Tensor:
    line = torch.arange(lines)
    return (line % factor == 0) | ((line >= begin) & (line < end))


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_lines_between_follow_the_definition_in_kspace(factor: int) -> None:
    begin, end = 9, 25
    full = random_complex(3, 32, 20) * (1 + torch.arange(32)[:, None] / 4)
    measured = regular(32, factor, begin, end)
    filled, count = fill_between(full * measured[:, None], measured, begin, end)
    lines = measured.nonzero().flatten().tolist()
    for before, after in pairwise(lines):
        for line in range(before + 1, after):
            expected = grappa_line((full * measured[:, None]).numpy(), before, line, after, begin, end)
            np.testing.assert_allclose(filled[:, line].numpy(), expected, atol=1e-10)
    assert count == int((~measured[: lines[-1]]).sum())
    assert torch.equal(filled[:, measured], full[:, measured])
    assert not filled[:, lines[-1] + 1 :].any()


def test_gaps_that_cannot_be_filled_are_left() -> None:
    measured = torch.zeros(40, dtype=torch.bool)
    measured[[2, 4, 12]] = True
    measured[20:26] = True  # ACS lines
    slice_ = random_complex(2, 40, 16) * measured[:, None]
    filled, count = fill_between(slice_, measured, 20, 26)
    assert count == 1
    assert filled[:, 3].any()
    assert not filled[:, 5:12].any()
    assert fill_between(torch.zeros_like(slice_), measured, 20, 26)[1] == 0


@pytest.mark.parametrize(
    ("begin", "end", "echo", "filled", "left"),
    [(0, 40, 32, 24, 0), (0, 44, 36, 20, 0), (24, 64, 32, 23, 1), (0, 40, 29, 19, 5), (0, 35, 32, 0, 29)],
)
def test_lines_beyond_are_exact_for_an_image_of_constant_phase(
    begin: int, end: int, echo: int, filled: int, left: int
) -> None:
    line = torch.arange(64)
    echo_phase = torch.exp(2j * torch.pi * (echo - 32) * line.to(torch.complex128) / 64)
    images = (4 + random_complex(2, 64, 12).real).clamp(min=0.1) * echo_phase[:, None]
    full = torch.fft.ifft(image_to_kspace(images * np.exp(0.7j)), dim=2)
    there = (line >= begin) & (line < end)
    completed, count = fill_beyond(full * there[:, None], begin, end, echo)
    assert (count, 64 - (end - begin) - count) == (filled, left)
    known = there | ((2 * echo - line >= begin) & (2 * echo - line < end)) if count else there
    torch.testing.assert_close(completed[:, known], full[:, known], atol=1e-10, rtol=0)
    assert not completed[:, ~known].any()
