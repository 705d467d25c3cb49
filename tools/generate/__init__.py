"""Files that are made of the code, so that a new service needs no edit outside of its folder."""
