"""Carrying sessions over from other stores."""
