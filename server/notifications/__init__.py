"""What the world is told, and how: notices by Web Push, sent by the worker."""
