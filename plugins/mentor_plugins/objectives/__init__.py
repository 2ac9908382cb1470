"""Objectives: the loss of reinforcement, token by token."""
