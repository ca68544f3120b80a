from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mriembed import CoilPreprocessor
from mriembed.fourier import kspace_to_image
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.perturbation import SAME_SESSION
from mriembed.simulation.slices import simulate_images, simulate_kspace


def test_images_have_unit_energy_and_no_background_phase() -> None:
    images = simulate_images(3, 2, 48, torch.Generator().manual_seed(0), selective=0.0)
    assert images.shape == (6, 1, 48, 48)
    torch.testing.assert_close(images.abs().square().mean((1, 2, 3)), torch.ones(6))
    assert float(images.imag.abs().max()) == 0  # slabs have a phase of their own, and there are none here


def test_coils_see_the_image_times_their_sensitivity() -> None:
    images = simulate_images(2, 1, 32, torch.Generator().manual_seed(0))
    coils = kspace_to_image(simulate_kspace(images, 6, torch.Generator().manual_seed(1)))
    ratio = coils / images
    seen = images.abs() > 0.3
    # All coils see the same image: the ratio of two coils is smooth wherever there is something to see.
    relative = (ratio[:, :1] / ratio[:, 1:2]).abs()
    neighbours = (relative[..., 1:] / relative[..., :-1])[seen[..., 1:] & seen[..., :-1]]
    assert float((neighbours - 1).abs().median()) < 0.2


def test_the_preprocessing_takes_them() -> None:
    generator = torch.Generator().manual_seed(0)
    network_input, kept = CoilPreprocessor(4).preprocess_kspace(
        simulate_kspace(simulate_images(2, 2, 32, generator), 5, generator)
    )
    assert network_input.shape == (4, 8, 32, 32)
    assert bool((kept > 0.5).all())


def test_variants_of_a_protocol_differ_less_than_slices_of_a_body() -> None:
    def likeness_of_slices(variants: float) -> float:
        images = simulate_images(20, 2, 48, torch.Generator().manual_seed(3), phantoms=1.0, variants=variants).abs()
        return float(torch.nn.functional.cosine_similarity(*images.flatten(1).unflatten(0, (20, 2)).unbind(1)).mean())

    assert likeness_of_slices(1.0) > likeness_of_slices(0.0) + 0.02


def test_variants_that_excite_the_same_are_the_same_but_slices_of_a_body_are_not() -> None:
    for variants in (1.0, 0.0):
        images = simulate_images(4, 2, 32, torch.Generator().manual_seed(5), selective=0.0, variants=variants)
        first, second = images.unflatten(0, (4, 2)).unbind(1)
        assert torch.allclose(first, second, atol=1e-6) == (variants == 1.0)


def without_generator(draw: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def drawn(*shape: object, **keywords: object) -> torch.Tensor:
        del keywords["generator"]
        return draw(*shape, **keywords)

    return drawn


def test_all_work_stays_on_the_generators_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the device that knows shapes but no values: to read one back, or to mix devices, is an error there.

    On a GPU the former makes the program wait for all that is under way.
    """
    for draw in (torch.rand, torch.randn, torch.randint):  # there are no generators for that device
        monkeypatch.setattr(torch, draw.__name__, without_generator(draw))
    generator: Any = SimpleNamespace(device=torch.device("meta"))
    images = simulate_images(3, 4, 48, generator, variants=0.4)
    kspace = acquire(images, random_sensitivities(3, 8, 32, generator), SAME_SESSION["hard"], generator)
    assert kspace.device.type == "meta"
    assert kspace.shape == (12, 8, 32, 32)
