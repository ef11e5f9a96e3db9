"""What happens when a part dies, hangs or lies."""
