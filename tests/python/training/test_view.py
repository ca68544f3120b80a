from dataclasses import replace

import pytest

from mriembed.simulation.perturbation import ANOTHER_SESSION, ANY_PHASE, Perturbation
from mriembed.training.view import FULL, view


def test_the_weakest_acquisition_is_a_full_one_in_another_session() -> None:
    assert view(0.0) == FULL == Perturbation(phase=ANY_PHASE)


def test_the_strongest_acquisition_differs_by_what_a_hard_trial_does() -> None:
    hard = ANOTHER_SESSION["hard"]
    strongest = view(1.0)
    # Coils, channels and matrix of training are drawn elsewhere, or go a little further.
    assert strongest == replace(hard, fewest_coils=1.0, single_channel=0.0, resolution=0.5, weighting=0.4)


@pytest.mark.parametrize("name", ["gain", "noise", "undersampling", "shift", "rotation", "scaling", "weighting"])
def test_stronger_acquisitions_may_differ_more(name: str) -> None:
    values = [getattr(view(strength), name) for strength in (0.0, 0.25, 0.5, 1.0)]
    assert values == sorted(set(values))
