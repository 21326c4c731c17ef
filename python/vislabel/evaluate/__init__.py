"""How good pseudo-labels are, measured against ground truth with the papers' own figures.

Arrays in a result are NumPy, or torch where an argument is a tensor; single figures are floats, NaN where
there is nothing to measure.
"""

from __future__ import annotations

from vislabel.evaluate._f1 import F1Scores, f1
from vislabel.evaluate._rank_correlation import RankCorrelation, rank_correlation

__all__ = ["F1Scores", "RankCorrelation", "f1", "rank_correlation"]
