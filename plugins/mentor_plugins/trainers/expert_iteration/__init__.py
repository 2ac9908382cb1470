"""Imitation of the teacher and of the student's own verified episodes, in rounds."""
