"""Simulated acquisitions: random anatomy, MR contrast, coil arrays, and what a scanner makes of them."""

from mriembed.simulation.acquisition import acquire, reacquire
from mriembed.simulation.perturbation import LEVELS, Perturbation
from mriembed.simulation.slices import simulate_images, simulate_kspace

__all__ = ["LEVELS", "Perturbation", "acquire", "reacquire", "simulate_images", "simulate_kspace"]
