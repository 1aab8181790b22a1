"""The way to Label Studio and back: each item once, whatever fails on the way."""
