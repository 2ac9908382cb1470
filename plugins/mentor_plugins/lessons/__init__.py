"""Lessons: the teacher's turns that are imitated beside reinforcement."""
