"""Whether two mathematical answers are the same.

answers → arithmetic, polynomials (both read by expressions) → algebra, which asks Math-Verify
"""

from mentor_core.mathematics.algebra import time_limits_hit
from mentor_core.mathematics.answers import MAX_LENGTH, equal_answers

__all__ = ["MAX_LENGTH", "equal_answers", "time_limits_hit"]
