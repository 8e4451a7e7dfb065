"""Small pictures of recorded footage, made ahead by a worker or when asked for."""
