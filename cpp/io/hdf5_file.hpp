// HDF5 through its C interface, with owned handles and one-line errors.
#pragma once

#include <hdf5.h>

#include <complex>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mriembed::io {

// Owns one HDF5 handle of any kind.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  // Refuses a negative id: HDF5 could not do what was asked. `what` says which part of the file was meant.
  Hdf5Handle(hid_t id, Close close, const std::string& what);
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  ~Hdf5Handle();

  [[nodiscard]] hid_t get() const noexcept { return id_; }

 private:
  hid_t id_;
  Close close_;
};

// For the whole process: HDF5 loads no plugins from folders that the environment names, and follows no links into other
// files. The readers refuse both by name; this holds where they cannot look first.
void restrict_hdf5();

// Opens a file for reading and turns HDF5's own error printing off.
Hdf5Handle open_hdf5(const std::string& path);

// Why the last call of HDF5 failed, for a refusal: "the HDF5 file is damaged or cut short", or that it is of a version
// that this HDF5 does not know.
std::string hdf5_failure();

// Names of the members of a group, in the order of their names; 1000 at most.
std::vector<std::string> children(const Hdf5Handle& group);

// Whether `group` holds `name` as a group or a dataset of its own. Links that lead elsewhere are refused: a scan file
// that makes its reader open other files is none.
bool holds_group(const Hdf5Handle& group, const std::string& name);
bool holds_dataset(const Hdf5Handle& group, const std::string& name);

Hdf5Handle open_group(const Hdf5Handle& parent, const std::string& name);
// Refuses datasets whose values lie in other files (external storage, virtual datasets), whose filters are others than
// deflate, shuffle and fletcher32, or whose chunks or elements are larger than the file can justify.
Hdf5Handle open_dataset(const Hdf5Handle& parent, const std::string& name, std::int64_t file_size);

std::vector<std::int64_t> shape_of(const Hdf5Handle& dataset);
Hdf5Handle type_of(const Hdf5Handle& dataset);

// Whether the type is a float of 4 or 8 bytes as processors know them; HDF5 lets a file make up others.
bool is_ieee_float(const Hdf5Handle& type);

// In memory: a pair of floats under the names that the file's complex type uses ("real", "imag" in ISMRMRD, "r", "i" in
// h5py: asking HDF5 for the wrong names succeeds and leaves the buffer as it was). None where the type is not complex.
std::optional<Hdf5Handle> complex_memory_type(const Hdf5Handle& file_type);

// Reads the hyperslab [start, start + count) of a complex dataset, row-major.
void read_complex(const Hdf5Handle& dataset, const Hdf5Handle& memory_type, const std::vector<std::int64_t>& start,
                  const std::vector<std::int64_t>& count, std::complex<float>* to);

// The first element of a dataset of strings, of at most 4 MiB.
std::string read_text(const Hdf5Handle& dataset);

}  // namespace mriembed::io
