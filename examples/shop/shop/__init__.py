"""A small shop: what it sells, and what its visitors look at."""
