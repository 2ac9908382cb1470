"""Plays episodes: rollouts, the teacher's references, and the figures of episodes."""
