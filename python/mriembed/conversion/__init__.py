"""Raw data of vendors, brought to MRD (ISMRMRD), which `mriembed_cli` and others read."""
