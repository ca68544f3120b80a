import pytest
import torch

from mriembed.simulation.uniform_numbers import UniformNumbers


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_they_are_the_numbers_that_are_drawn_one_after_the_other() -> None:
    uniform = UniformNumbers(4, 9, seeded())
    generator = seeded()
    for shape in ((), (2,), (2, 3)):
        assert torch.equal(uniform(0, 1, *shape), torch.rand(4, *shape, generator=generator))


def test_so_are_several_sets_of_them() -> None:
    uniform = UniformNumbers(4, 3, seeded(), times=5)
    first, second = uniform(0, 1), uniform(0, 1, 2)
    generator = seeded()
    for index in range(5):
        assert torch.equal(first[index], torch.rand(4, generator=generator))
        assert torch.equal(second[index], torch.rand(4, 2, generator=generator))


def test_they_lie_within_their_limits() -> None:
    numbers = UniformNumbers(1000, 1, seeded())(-3.0, 5.0)
    assert -3 <= float(numbers.min()) < -2.9
    assert 4.9 < float(numbers.max()) <= 5
    assert float(numbers.mean()) == pytest.approx(1.0, abs=0.3)


def test_no_number_is_handed_out_twice() -> None:
    uniform = UniformNumbers(3, 2, seeded())
    uniform(0, 1, 2)
    with pytest.raises(RuntimeError):
        uniform(0, 1)
