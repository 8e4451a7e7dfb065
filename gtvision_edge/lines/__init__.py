"""What holds of every line that leads out of the site, be it to the hub or to an object store: how it stands, when it is far behind, what is given up or parked."""
