"""Messages of a station to its couriers, and who has heard them."""
