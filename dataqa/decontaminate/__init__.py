"""Training text that contains benchmark items, found with evidence and an estimate of precision.

``benchmarks`` reads files into items (``fields`` knows their columns, ``records`` their formats),
``entries`` chooses those that can be looked for, ``index`` makes n-grams of them (``weights`` says
what a word is worth, ``control`` adds decoys). ``stretches`` finds what could be an entry, and
``match`` looks closer (``nearby`` at answers and passages, ``score`` adds the parts up).
``verdicts`` judges; ``evidence``, ``frames`` and the step ``contamination`` ask.
"""

from dataqa.decontaminate.frames import contamination

__all__ = ["contamination"]
