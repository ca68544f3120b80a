"""Evaluation: what embeddings are worth, on simulated and on measured slices, beside three baselines."""

from mriembed.evaluation.evaluation import Evaluation, Plan, evaluate

__all__ = ["Evaluation", "Plan", "evaluate"]
