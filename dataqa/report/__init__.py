"""What a run did, for people: counts, histograms, examples, one HTML file, a corpus card."""

from dataqa.report.build import build
from dataqa.report.html import html
from dataqa.report.tally import Tally, merge

__all__ = ["Tally", "build", "html", "merge"]
