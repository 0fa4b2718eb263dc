"""The Machine page: a simulated machine, images that start on it, and attacks on them."""
