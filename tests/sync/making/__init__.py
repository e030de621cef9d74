"""Writes sync/vectors: `python -m tests.sync.making`, or `--check` to see whether the files are in step.

Every case states what the rules demand (`claim`), by hand or by a rule of its own; the full answer is computed and
the case is refused when the two disagree. So no expected value comes from the code alone.
"""
