"""Simulated acquisitions: random anatomy, MR contrast, coil arrays, background phases, sampling and noise."""

from mriembed.simulation.acquisition import acquire, reacquire
from mriembed.simulation.another_session import acquire_in_another_session
from mriembed.simulation.perturbation import ANOTHER_SESSION, SAME_SESSION, Perturbation
from mriembed.simulation.slices import simulate_images, simulate_kspace
from mriembed.simulation.volumes import Volume, random_volume

__all__ = [
    "ANOTHER_SESSION",
    "SAME_SESSION",
    "Perturbation",
    "Volume",
    "acquire",
    "acquire_in_another_session",
    "random_volume",
    "reacquire",
    "simulate_images",
    "simulate_kspace",
]
