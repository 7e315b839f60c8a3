"""Plans, results and problems as text."""
