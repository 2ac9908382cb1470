"""Plays episodes: rollouts, the teacher's references, and the figures of what was played."""
