// Marks what libmriembed exports; everything else in the shared library is hidden.
#pragma once

#if defined(_WIN32)
#error "libmriembed is built and tested on Linux only"
#else
#define MRIEMBED_EXPORT __attribute__((visibility("default")))
#endif
