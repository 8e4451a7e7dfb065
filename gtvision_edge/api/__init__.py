"""HTTP: thin resources over the services, one error shape, one description."""
