"""Whether two mathematical answers are the same.

answers → typesetting, numbers (with units), polynomials → algebra, which asks Math-Verify

Numbers that are written as expressions are evaluated by arithmetic; expressions has the grammar.
"""

from mentor_envs.mathematics.algebra import time_limits_hit
from mentor_envs.mathematics.answers import equal_answers, is_number
from mentor_envs.mathematics.numbers import MAX_LENGTH

__all__ = ["MAX_LENGTH", "equal_answers", "is_number", "time_limits_hit"]
