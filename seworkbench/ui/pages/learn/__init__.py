"""The Learn page: how Secure Execution works, in pictures, each with the way to where it is done."""
