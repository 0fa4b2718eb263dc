"""Host key documents."""
