"""Training with TRL; its modules import torch, trl and transformers at their top."""
