"""For who comes from Presidio: its own recognisers behind one automaton, ours behind its interface.

Everything here takes the extra ``presidio``. Nothing of Presidio is copied or patched: its engine,
its recognisers and its context enhancer run as they are, only where something can be found.
"""
