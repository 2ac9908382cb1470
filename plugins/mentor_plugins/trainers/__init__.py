"""Trainers: what changes a student's weights."""
