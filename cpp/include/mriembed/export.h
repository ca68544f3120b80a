/* Marks what libmriembed exports; everything else in the shared library is hidden. */
#ifndef MRIEMBED_EXPORT_H
#define MRIEMBED_EXPORT_H

#if defined(_WIN32)
#error "libmriembed is built and tested on Linux only"
#else
#define MRIEMBED_EXPORT __attribute__((visibility("default")))
#endif

#endif /* MRIEMBED_EXPORT_H */
