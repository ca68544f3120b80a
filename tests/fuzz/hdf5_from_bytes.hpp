// HDF5 files made of a fuzzer's bytes: sound to HDF5's own library, which writes them, and of any contents.
//
// Where the bytes run out, choices are the usual ones. Bytes that are an HDF5 file themselves mostly end inside that
// library; with these, all of our own checks are reached.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>
#include <hdf5.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mriembed::fuzzing {

// Mostly small, at times any number.
std::uint16_t some_count(FuzzedDataProvider& bytes);

// Mostly `usual`, at times another.
std::uint16_t mostly(FuzzedDataProvider& bytes, std::uint16_t usual);

// A shape of the given rank, at times of another.
std::vector<hsize_t> some_shape(FuzzedDataProvider& bytes, int rank);

// Mostly `usual` (copied), at times any other type of HDF5's. To be closed.
hid_t some_type(FuzzedDataProvider& bytes, hid_t usual);

// A compound of two floats, mostly as writers of complex numbers have it. To be closed.
hid_t some_complex_type(FuzzedDataProvider& bytes);

// A dataset of this type and shape, contiguous, compact or in chunks with filters; not written to, so that it holds
// zeros, where `values` is empty or does not fit.
void write_some_dataset(FuzzedDataProvider& bytes, hid_t parent, const char* name, hid_t type,
                        const std::vector<hsize_t>& shape, const std::vector<std::uint8_t>& values = {});

// A single string.
void write_text(FuzzedDataProvider& bytes, hid_t parent, const char* name, const std::string& text);

// An ISMRMRD header, mostly of sound structure, and mostly with this matrix.
struct SomeMatrix {
  std::uint16_t x, y, z;
};
std::string some_mrd_header(FuzzedDataProvider& bytes, const SomeMatrix& matrix);

// The contents of the file at `path`, which this makes anew.
hid_t create_file(const std::string& path);

// A whole run of a target: `write` makes a scan of the bytes, which then is read.
using WriteScan = void (*)(FuzzedDataProvider& bytes, const std::string& path);
void read_scan_of_bytes(std::span<const std::uint8_t> data, WriteScan write);

}  // namespace mriembed::fuzzing
