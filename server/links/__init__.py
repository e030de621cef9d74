"""The unguessable address of one task, for the customer."""
