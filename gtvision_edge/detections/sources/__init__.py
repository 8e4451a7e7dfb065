"""How each kind of camera says that a plate passed; all of them end in the same :class:`Reading`."""
