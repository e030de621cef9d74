"""How a notice leaves the house: one module for each way."""
