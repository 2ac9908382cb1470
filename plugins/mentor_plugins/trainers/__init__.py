"""Trainers: change a student's weights."""
