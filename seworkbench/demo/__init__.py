"""The story that the demonstration tells, played headless or in the window."""
