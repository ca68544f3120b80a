"""The description by which an OpenRecon host knows a container of `mriembed_cli serve`."""
