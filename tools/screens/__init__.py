"""`./just screens`: pictures of the client's pages, in three widths and two themes."""
