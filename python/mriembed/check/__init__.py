"""The command `mriembed check` and its HTML page."""
