"""A durable index of near-duplicate sketches: is this document like one that we have seen?

``Index`` is the way in (``dataqa.Index``); docs/index.md tells what it promises.
"""
