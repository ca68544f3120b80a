"""Training: pairs of acquisitions of one slice, a contrastive loss, and runs that survive being stopped."""

from mriembed.training.recipe import Recipe
from mriembed.training.trainer import TrainingError, train

__all__ = ["Recipe", "TrainingError", "train"]
