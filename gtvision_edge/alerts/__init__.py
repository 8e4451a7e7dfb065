"""What people are told while they watch: plate readings, wanted plates that passed, and who saw to them."""
