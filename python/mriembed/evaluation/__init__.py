"""Evaluation: what embeddings are worth, on simulated and on measured slices, and with four baselines."""
