"""Private data in texts: what it looks like, whether it is real, where it stands.

Recognisers are data (``rules/private/*.yaml``); a check says whether a candidate can be real; one
pass over a whole batch finds the candidates of all of them.
"""
