// The acquisitions of raw MRD (ISMRMRD) data: one header and one readout of all coils each.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

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
  std::uint16_t trajectory_dimensions = 0;  // of the places in k-space that come with it; 0: none
  std::uint16_t kspace_encode_step_1 = 0;
  std::uint16_t kspace_encode_step_2 = 0;
  std::uint16_t slice = 0;
  std::uint16_t contrast = 0;
  std::uint16_t phase = 0;
  std::uint16_t repetition = 0;
  std::uint16_t set = 0;
  std::uint16_t average = 0;
  std::uint16_t segment = 0;
  std::array<std::uint16_t, 8> user{};  // siemens_to_ismrmrd: 5 and 6 are the central steps along y and z
  float sample_time_us = 0;             // 0: not given
  std::uint32_t time_stamp = 0;         // in ticks of the scanner's clock: 2.5 ms of Siemens' ones
  // Of the middle of what is excited, in millimetres, and the direction along z: both in the patient's axes (left,
  // posterior, head). All zero: not given.
  std::array<float, 3> position_mm{};
  std::array<float, 3> normal{};

  // `flag` is one of ISMRMRD_ACQ_..., which count from 1.
  [[nodiscard]] bool has(int flag) const { return ((flags >> static_cast<unsigned>(flag - 1)) & 1U) != 0; }
};

// Where acquisitions lie: all headers are known, samples are read when they are asked for.
class Acquisitions {
 public:
  Acquisitions() = default;
  virtual ~Acquisitions() = default;
  Acquisitions(const Acquisitions&) = delete;
  Acquisitions& operator=(const Acquisitions&) = delete;

  [[nodiscard]] const std::vector<Acquisition>& headers() const { return headers_; }

  // Gives the samples of the acquisitions `indices` (ascending), (coils, samples) each, to `take`, one after another.
  using Take = std::function<void(std::size_t index, std::span<const std::complex<float>> samples)>;
  virtual void read(const std::vector<std::size_t>& indices, const Take& take) const = 0;

 protected:
  std::vector<Acquisition> headers_;  // filled by who derives from this
};

}  // namespace mriembed::io
