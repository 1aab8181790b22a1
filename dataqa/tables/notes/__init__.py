"""Free text, alone or beside columns: real texts in which somebody else stands."""
