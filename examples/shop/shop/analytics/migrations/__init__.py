"""How the tables of visits came to be."""
