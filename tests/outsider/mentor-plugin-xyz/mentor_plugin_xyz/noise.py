"""A trainer of a third party: the student's weights with a little noise on them."""

from __future__ import annotations

from mentor_core import Trained, Trainer


class Noise(Trainer):
    """Adds Gaussian noise in each step; learns nothing."""

    scale: float = 1e-4

    def train(self, training) -> Trained:
        import torch

        torch.manual_seed(training.parts.config.seed)
        with torch.no_grad():
            for _ in range(training.done, training.steps):
                for weights in training.student.model.parameters():
                    weights.add_(self.scale * torch.randn_like(weights))
                training.shown.advance()
        return Trained(training.student, training.steps)
