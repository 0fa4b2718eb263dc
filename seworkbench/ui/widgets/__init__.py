"""Widgets that serve several pages."""
