"""The gateway's list of routes, made from what the services say of themselves."""
