// mriembed_test_headers has no tests: the other test programs take its precompiled header.
