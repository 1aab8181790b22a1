"""What people are asked: flows and their pages, items and why they were chosen, proposals."""
