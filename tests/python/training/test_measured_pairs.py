from pathlib import Path

import numpy as np
import pytest
import torch

from mriembed import CoilPreprocessor, InvalidArgumentError
from mriembed.scans import ScanSlice
from mriembed.training.measured_pairs import MeasuredPairs, split_by_file


def slices(files: int, each: int = 2) -> list[ScanSlice]:
    random = np.random.default_rng(0)
    made = []
    for file in range(files):
        for index in range(each):
            shape = (4, 24 + 4 * file, 20)
            kspace = random.standard_normal((*shape, 2)).astype(np.float32).view(np.complex64)[..., 0]
            made.append(ScanSlice(kspace, Path(f"scan{file}.npy"), index))
    return made


def test_all_slices_of_a_file_are_on_one_side_and_a_fifth_of_the_files_is_for_validation() -> None:
    trained, validation = split_by_file(slices(10), seed=0)
    assert len({scan.file for scan in validation}) == 2
    assert not {scan.file for scan in trained} & {scan.file for scan in validation}
    assert len(trained) + len(validation) == 20


def test_the_seed_decides_which_files_are_for_validation() -> None:
    scans = slices(10)
    validation = [[scan.name for scan in split_by_file(scans, seed)[1]] for seed in (0, 0, 1, 2, 3)]
    assert validation[0] == validation[1]
    assert any(names != validation[0] for names in validation[2:])


def test_of_two_files_the_one_with_enough_slices_is_trained_on() -> None:
    scans = slices(2)[:3]  # two slices of one file, one of the other
    for seed in range(6):
        trained, validation = split_by_file(scans, seed)
        assert len(trained) == 2
        assert len(validation) == 1


@pytest.mark.parametrize(("files", "each"), [(1, 5), (2, 1), (0, 0)])
def test_too_few_scans_are_refused_with_what_is_needed(files: int, each: int) -> None:
    with pytest.raises(InvalidArgumentError, match="too few to train on: at least two files with three slices"):
        split_by_file(slices(files, each), seed=0)


def test_pairs_of_slices_of_any_size_come_with_their_numbers() -> None:
    source = MeasuredPairs(slices(3), torch.device("cpu"))
    preprocessor = CoilPreprocessor(4, "pca", 16)
    first, second, numbers = source.pairs(8, preprocessor, torch.Generator().manual_seed(1))
    assert first.shape == second.shape == (8, 8, 16, 16)
    assert sorted(numbers[:6].tolist()) == list(range(6))  # each once before any comes again
    assert not torch.allclose(first, second)
    again = source.pairs(8, preprocessor, torch.Generator().manual_seed(1))
    assert torch.equal(again[0], first)
