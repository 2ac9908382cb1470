"""Plays episodes: rollouts, the teacher's references, evaluation."""
