// Scan files for the tests, and what it takes to look at readers' answers.
#pragma once

#include <gtest/gtest.h>
#include <ismrmrd/dataset.h>
#include <ismrmrd/ismrmrd.h>

#include <complex>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mriembed/error.hpp"
#include "scan_reader.hpp"

namespace mriembed::io::testing_files {

using Complex = std::complex<float>;

// A path that no other test uses, in the scratch folder of this process.
std::string fresh_path(const std::string& ending);
std::string written(const std::string& ending, const std::string& bytes);

// As open_scan_file(), but reads HDF5 in this process.
std::unique_ptr<ScanReader> open_scan(const std::string& path, const ReadOptions& options);

// The message with which opening (or reading all of) a scan is refused; "accepted" where it is not.
std::string refusal_of(const std::string& path, const ReadOptions& options = {});

// A .npy file of format version 1.0 around `bytes`.
std::string npy_bytes(const std::string& type, bool fortran_order, const std::string& shape, const std::string& bytes);
template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

struct Fov {
  double x, y, z;
};

struct MrdMatrix {
  unsigned x = 8, y = 4, z = 1;
  unsigned recon_x = 8, recon_z = 1;
  std::string trajectory = "cartesian";
  std::string limits;  // the contents of <encodingLimits>
  std::optional<unsigned> recon_y = std::nullopt;
  // In millimetres; by default as many as pixels.
  std::optional<Fov> encoded_fov = std::nullopt;
  std::optional<Fov> recon_fov = std::nullopt;
};
std::string mrd_xml(const MrdMatrix& matrix);
// The same for several encoding spaces.
std::string mrd_xml(const std::vector<MrdMatrix>& matrices);

// What <encodingLimits> holds for an axis, "kspace_encoding_step_1" or another.
std::string limit_xml(const std::string& name, unsigned minimum, unsigned maximum, unsigned center);

// The sample that the tests put at (coil, z, y, x); every one differs.
Complex sample_at(std::int64_t coil, std::int64_t z, std::int64_t y, std::int64_t x);

// A line of a matrix, full-length, with sample_at(...) in it.
ISMRMRD::Acquisition line(unsigned coils, unsigned width, std::uint16_t kspace_encode_step_1,
                          std::uint16_t kspace_encode_step_2 = 0);

// All lines of a matrix.
std::vector<ISMRMRD::Acquisition> full_scan(unsigned coils = 2, const MrdMatrix& matrix = {});

// A matrix of so many lines, and all lines of such a slice of two coils.
MrdMatrix matrix_of(unsigned lines);
std::vector<ISMRMRD::Acquisition> scan_of(unsigned lines);

// A noise line of two coils, whose samples have this magnitude and no covariance.
ISMRMRD::Acquisition noise_of_power(float power);

// The header with a measurement's ID, and that of the noise that it depends on (empty: none).
std::string with_ids(std::string xml, const std::string& own, const std::string& noise);

// The header with the names of its coils 0, 1, ....
std::string with_coil_names(std::string xml, const std::vector<std::string>& names);

// The header with the factors of the acceleration along y and z.
std::string with_acceleration(std::string xml, int y, int z);

// Whether one of the scan's warnings has this part.
bool warns(const ScanReader& scan, const std::string& part);

// Writes a raw file with libismrmrd, or adds a group to one.
std::string written_mrd(const std::string& xml, const std::vector<ISMRMRD::Acquisition>& lines);
void add_mrd(const std::string& path, const std::string& group, const std::string& xml,
             const std::vector<ISMRMRD::Acquisition>& lines);

// Slice `index` of an open scan.
Slice read_slice(ScanReader& scan, std::int64_t index);

// Expects that every sample is the one of its place.
void expect_placed(const Slice& slice, const MrdMatrix& matrix);

}  // namespace mriembed::io::testing_files
