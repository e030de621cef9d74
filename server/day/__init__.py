"""The real day: what couriers did, replayed in virtual time through the real server and the real handheld engine."""
