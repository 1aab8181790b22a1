"""What people decide: which items they are asked about, how they are asked, and what they said."""
