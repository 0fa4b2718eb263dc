"""Dialogs that ask for files and folders, each behind one function."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget


def ask_open(parent: QWidget, title: str) -> Path | None:
    """Ask for an existing file; tests replace this function."""
    name, _ = QFileDialog.getOpenFileName(parent, title)
    return Path(name) if name else None


def ask_open_many(parent: QWidget, title: str) -> list[Path]:
    """Ask for existing files; tests replace this function."""
    names, _ = QFileDialog.getOpenFileNames(parent, title)
    return [Path(name) for name in names]


def ask_save(parent: QWidget, title: str, suggestion: Path | None) -> Path | None:
    """Ask for a place to save. A file that is there is named only once it was said that it may be replaced."""
    name, _ = QFileDialog.getSaveFileName(parent, title, str(suggestion or ""))
    return Path(name) if name else None


def ask_new(parent: QWidget, title: str, suggestion: Path | None) -> Path | None:
    """Ask for a place for something that never replaces a file, or asks about that in the page."""
    name, _ = QFileDialog.getSaveFileName(
        parent, title, str(suggestion or ""), options=QFileDialog.Option.DontConfirmOverwrite
    )
    return Path(name) if name else None


def ask_folder(parent: QWidget, title: str, start: Path | None) -> Path | None:
    """Ask for a folder; tests replace this function."""
    name = QFileDialog.getExistingDirectory(parent, title, str(start or ""))
    return Path(name) if name else None
