"""The web client: how its build is made and served."""
