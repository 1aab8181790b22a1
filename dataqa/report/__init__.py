"""What a run did, for people: counts, histograms, examples, one HTML file, a corpus card."""

from dataqa.report.build import build
from dataqa.report.card import card
from dataqa.report.compare import compare, compare_html, load_bounds
from dataqa.report.html import html
from dataqa.report.tally import Tally, merge

__all__ = ["Tally", "build", "card", "compare", "compare_html", "html", "load_bounds", "merge"]
