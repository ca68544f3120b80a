"""Evaluation: what embeddings are worth, on simulated and on measured slices, and with four baselines."""

from mriembed.evaluation.evaluation import Evaluation, Plan, evaluate

__all__ = ["Evaluation", "Plan", "evaluate"]
