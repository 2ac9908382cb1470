"""Mathematics: comparison of two mathematical answers.

answers → typesetting, numbers (with units), polynomials → algebra, which asks Math-Verify

`arithmetic` evaluates numbers that are written as expressions; `expressions` has the grammar.
"""

from mentor_envs.mathematics.algebra import time_limits_hit
from mentor_envs.mathematics.answers import equal_answers, is_number
from mentor_envs.mathematics.numbers import MAX_LENGTH

__all__ = ["MAX_LENGTH", "equal_answers", "is_number", "time_limits_hit"]
