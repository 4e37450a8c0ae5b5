"""What the store and its platforms show: raw metrics in, a checked and uncertain picture of the store out."""
