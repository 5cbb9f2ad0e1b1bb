"""What to build: sizes and schedules in one problem, what they earn, and what would change them."""
