import numpy as np
import torch
from scipy.ndimage import gaussian_filter, rotate, shift

from mriembed.evaluation.gallery import Gallery, scores
from mriembed.evaluation.methods import Thumbnail
from mriembed.evaluation.registered_thumbnail import RegisteredThumbnail
from mriembed.fourier import image_to_kspace


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Smooth random structure within a disc, (count, 64, 64)."""
    random = np.random.default_rng(seed)
    position = np.arange(64) - 32
    disc = position[:, None] ** 2 + position**2 < 22**2
    return np.stack(
        [disc * (1 + 0.5 * np.tanh(gaussian_filter(random.standard_normal((64, 64)), 2) * 5)) for _ in range(count)]
    )


def kspace(images: np.ndarray) -> np.ndarray:
    return image_to_kspace(torch.from_numpy(images.astype(np.complex64))[:, None]).numpy()


def test_a_known_rotation_and_shift_is_found() -> None:
    images = pictures(6)
    moved = np.stack([shift(rotate(image, 11, reshape=False, order=1), (5, -4), order=1) for image in images])
    method = RegisteredThumbnail()
    held, asked = method.describe(kspace(images)), method.describe(kspace(moved))
    similarity = method.similarity(asked, held)
    assert similarity.argmax(1).tolist() == list(range(6))
    own = np.diagonal(similarity)
    unregistered = (asked * held).sum((1, 2))
    assert own.min() > 0.97
    assert unregistered.max() < own.min() - 0.3
    others = similarity[~np.eye(6, dtype=bool)]
    assert others.max() < own.min() - 0.04


def test_a_slice_is_like_itself_and_turning_either_way_is_alike() -> None:
    images = pictures(2)
    method = RegisteredThumbnail()
    held = method.describe(kspace(images))
    np.testing.assert_allclose(np.diagonal(method.similarity(held, held)), 1, atol=1e-4)
    for degrees in (-8, 8):
        turned = np.stack([rotate(image, degrees, reshape=False, order=1) for image in images])
        assert np.diagonal(method.similarity(method.describe(kspace(turned)), held)).min() > 0.93


def test_shifts_and_rotations_beyond_its_limits_are_not_found() -> None:
    image = pictures(1)
    method = RegisteredThumbnail()
    held = method.describe(kspace(image))
    for moved in (shift(image[0], (14, 0)), rotate(image[0], 60, reshape=False)):
        assert float(method.similarity(method.describe(kspace(moved[None])), held)[0, 0]) < 0.94


def test_shading_by_an_array_hardly_matters() -> None:
    images = pictures(4)
    position = np.linspace(-1, 1, 64)
    shaded = images * np.exp(0.8 * position[:, None] - 0.6 * position)
    method = RegisteredThumbnail()
    held = method.describe(kspace(images))
    assert np.diagonal(method.similarity(method.describe(kspace(shaded)), held)).min() > 0.9


def test_a_trial_asks_it_some_evenly_spread_queries_and_says_how_many() -> None:
    matcher = RegisteredThumbnail()
    matcher.most_queries = 3
    gallery, queries = (Gallery([Thumbnail(), matcher]) for _ in range(2))
    images = kspace(pictures(7))
    gallery.add(images, list(range(7)))
    queries.add(images, list(range(7)))
    assert gallery.queries_taken(matcher.name, 7).tolist() == [0, 3, 6]
    embedding, registered = scores("trial", gallery, queries)
    assert (embedding.queries, registered.queries) == (7, 3)
    assert registered.recall_at_1 == registered.mean_average_precision == 1.0
    assert registered.alignment is None
    assert registered.uniformity is None
