"""What a drive looked like: a table, a picture and a page, all drawn from the same figures."""
