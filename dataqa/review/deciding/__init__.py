"""What follows from what people said: verdicts, corrected spans, moved bounds."""
