// The acquisitions of a raw MRD (ISMRMRD) HDF5 file: one header and one readout of all coils each.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hdf5_file.hpp"

namespace mriembed::io {

// The members of an acquisition's header that place it. Names and meaning: ISMRMRD_AcquisitionHeader in ismrmrd.h.
struct Acquisition {
  std::uint64_t flags = 0;
  std::uint16_t samples = 0;
  std::uint16_t coils = 0;
  std::uint16_t discard_pre = 0;
  std::uint16_t discard_post = 0;
  std::uint16_t center_sample = 0;
  std::uint16_t encoding_space = 0;
  std::uint16_t step_1 = 0;
  std::uint16_t step_2 = 0;
  std::uint16_t slice = 0;
  std::uint16_t contrast = 0;
  std::uint16_t phase = 0;
  std::uint16_t repetition = 0;
  std::uint16_t set = 0;
  std::uint16_t average = 0;
  std::uint16_t segment = 0;
  std::array<std::uint16_t, 8> user{};  // siemens_to_ismrmrd: 5 and 6 are the central steps along y and z
  float sample_time_us = 0;             // 0: not given

  // `flag` is one of ISMRMRD_ACQ_..., which count from 1.
  [[nodiscard]] bool has(int flag) const { return ((flags >> static_cast<unsigned>(flag - 1)) & 1U) != 0; }
};

// Reads through HDF5's C interface by the names of the members: libismrmrd 1.8 cannot read every file that newer
// writers make, and it reads samples together with headers.
class Acquisitions {
 public:
  // `group` holds the dataset "data". Reads all headers, no samples.
  Acquisitions(const Hdf5Handle& group, std::int64_t file_size);

  [[nodiscard]] const std::vector<Acquisition>& headers() const { return headers_; }

  // Gives the samples of the acquisitions `indices` (ascending), (coils, samples) each, to `take`, one after another.
  using Take = std::function<void(std::size_t index, std::span<const std::complex<float>> samples)>;
  void read(const std::vector<std::size_t>& indices, const Take& take) const;

 private:
  void read_run(std::size_t first, std::size_t count, const Take& take) const;

  Hdf5Handle dataset_;
  std::vector<Acquisition> headers_;
};

}  // namespace mriembed::io
