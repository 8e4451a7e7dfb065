"""The cameras of the site: their addresses and secrets, what a probe says of them, whether they answer."""
