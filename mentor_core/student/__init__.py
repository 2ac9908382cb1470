"""The embedded students: small decoders with tokenizers of their own, made by `build.py`.

A directory NAME has the student of the environment NAME, and the recipe it is made by. It stands
in for a small instruct model where none can be downloaded: competent in the format of tool calls,
weak in strategy. See `docs/student.md`.
"""
