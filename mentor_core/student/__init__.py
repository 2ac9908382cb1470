"""The embedded student: a small decoder with its own tokenizer, made by `build.py`.

It stands in for a small instruct model where none can be downloaded: competent in the format
of tool calls, weak in strategy. See `docs/student.md`.
"""
