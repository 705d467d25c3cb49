"""Every SQL statement of Feed. Who sees what is part of the statement, so a page is never shortened afterwards."""
