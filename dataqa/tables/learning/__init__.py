"""Models of variables: trees one after the other, or a copula."""
