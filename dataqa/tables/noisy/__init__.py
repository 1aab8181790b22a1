"""Tables learnt from noisy counts: what is released of them is differentially private."""
