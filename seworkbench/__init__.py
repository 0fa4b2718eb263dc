"""SE Workbench: build, inspect and verify IBM Secure Execution for Linux images."""

__version__ = "0.1.0"
