"""The customer's door: one page for one task, by an unguessable link."""
