"""What every store shares: the meaning of each call, and the two faces."""
