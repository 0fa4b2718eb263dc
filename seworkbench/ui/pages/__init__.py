"""The pages of the window, one task each."""
