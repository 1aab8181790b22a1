"""How far people and models agree, with intervals, in figures and on a page."""
