"""Who may do what: every policy statement and document of the program is built here, from typed statements."""
