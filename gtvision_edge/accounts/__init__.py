"""Who may do what: users, roles, tenants, tokens, tickets."""
