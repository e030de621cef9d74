"""Orders in: a file is read, mapped, staged, accepted once and then applied through the one write path."""
