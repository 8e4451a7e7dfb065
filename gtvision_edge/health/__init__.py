"""How the box is: alive, ready, and what is wrong."""
