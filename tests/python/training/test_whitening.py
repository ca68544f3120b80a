import numpy as np
import torch

from mriembed.training.whitening import whiten, within_pair_whitening


def pairs(count: int = 4000, size: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings of slices whose two acquisitions differ in direction i by a spread of 2^-i, in a turned frame."""
    generator = torch.Generator().manual_seed(0)
    turned = torch.linalg.qr(torch.randn(size, size, generator=generator))[0]
    slices = torch.randn(count, size, generator=generator)
    spread = 2.0 ** -torch.arange(size)
    views = [slices + torch.randn(count, size, generator=generator) * spread @ turned for _ in range(2)]
    return views[0], views[1]


def test_directions_in_which_pairs_differ_count_alike_down_to_the_smallest_ones() -> None:
    first, second = pairs()
    whitening = within_pair_whitening(first, second)
    differences = (first - second).double().numpy()
    before = np.sort(np.linalg.eigvalsh(differences.T @ differences / len(differences)))
    turned = differences @ whitening.numpy()
    after = np.sort(np.linalg.eigvalsh(turned.T @ turned / len(turned)))
    expected = before / (before / before.mean() + 0.003)
    np.testing.assert_allclose(after, expected, rtol=1e-9)
    assert before[-1] / before[-3] > 10
    assert after[-1] / after[-3] < 3


def test_the_scale_of_embeddings_does_not_matter() -> None:
    first, second = pairs()
    torch.testing.assert_close(within_pair_whitening(first, second), within_pair_whitening(8 * first, 8 * second))


def test_pairs_that_do_not_differ_leave_embeddings_as_they_are() -> None:
    first, _ = pairs(10)
    assert torch.equal(within_pair_whitening(first, first), torch.eye(6, dtype=torch.float64))


def test_a_whitened_layer_gives_whitened_rows() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(5, 6)
    x = torch.randn(7, 5)
    whitening = within_pair_whitening(*pairs())
    before = layer(x).double()
    whiten(layer, whitening)
    torch.testing.assert_close(layer(x).double(), before @ whitening, rtol=1e-5, atol=1e-6)
