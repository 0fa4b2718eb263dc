"""The Build page: from kernel, command line, ramdisk and host key documents to an image."""
