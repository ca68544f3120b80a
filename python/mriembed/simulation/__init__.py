"""Simulated acquisitions: random anatomy, MR contrast, coil arrays, and what a scanner makes of them."""

from mriembed.simulation.acquisition import LEVELS, Disturbance, scan_again
from mriembed.simulation.slices import simulate_kspace

__all__ = ["LEVELS", "Disturbance", "scan_again", "simulate_kspace"]
