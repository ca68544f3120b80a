"""Training: pairs of acquisitions of one slice, a contrastive loss, and runs that survive being stopped."""
