import pytest
import torch

from mriembed.fourier import kspace_to_image
from mriembed.simulation import ANOTHER_SESSION, SAME_SESSION, Perturbation, reacquire, simulate_images, simulate_kspace


@pytest.mark.parametrize("levels", [SAME_SESSION, ANOTHER_SESSION], ids=["same session", "another session"])
def test_levels_grow_harder(levels: dict[str, Perturbation]) -> None:
    """Images of one slice, acquired twice, resemble each other less at each level."""
    generator = torch.Generator().manual_seed(0)
    kspace = simulate_kspace(simulate_images(24, 1, 64, generator), 8, generator)

    def rows(acquired: torch.Tensor) -> torch.Tensor:
        images = kspace_to_image(acquired).abs().square().sum(1).sqrt()
        images = torch.nn.functional.interpolate(images[:, None], (32, 32), mode="area").flatten(1)
        return torch.nn.functional.normalize(images - images.mean(1, keepdim=True), dim=1)

    similarity = {
        name: float((rows(kspace) * rows(reacquire(kspace, levels[name], generator))).sum(1).mean()) for name in levels
    }
    assert similarity["easy"] > similarity["medium"] + 0.05
    assert similarity["medium"] > similarity["hard"] + 0.05
