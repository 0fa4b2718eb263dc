"""Evidence on paper: checks and their inputs as HTML, PDF, JSON and Markdown."""
