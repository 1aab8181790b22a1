"""What a run did, for people: counts, histograms, examples, one HTML file, a corpus card."""

from dataqa.report.tally import Tally, merge

__all__ = ["Tally", "merge"]
