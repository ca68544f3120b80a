// One interface over every scan format: what a file holds, and its slices one at a time.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "header_facts.hpp"

namespace mriembed::io {

// What the samples of a slice are.
enum class Domain { kspace, image, network_input };

// Where a slice stands in the scan, and what it was cut from; MRD's indices, 0 where a format has no such index.
struct SliceLabel {
  int slice = 0;
  int contrast = 0;
  int phase = 0;
  int repetition = 0;
  int set = 0;
  int partition = 0;
  int measurement = 0;  // of a file with several: its number there
  // Of the slice's middle in millimetres, in the patient's axes (left, posterior, head); none where it is not known.
  std::optional<std::array<double, 3>> position_mm = std::nullopt;
  // What was missing of the slab that the slice was cut from, and how it was completed: SlabSampling::text().
  std::string slab_sampling = {};
  double sample_time_us = 0;  // between two samples of a readout as stored; 0: not known, or not even
  int averages = 0;           // of the line that was measured least often; 0: not known
};

// What of a slice of k-space is the image, and how its pixels are shaped.
struct SliceGeometry {
  std::int64_t readout_width = 0;  // pixels of x that remain without readout oversampling; 0: there is none
  std::int64_t phase_height = 0;   // pixels of y that remain without phase oversampling; 0: there is none
  // Height of a pixel over its width. 0: the format does not tell; aspect_of() then takes the field of view as square.
  double pixel_aspect = 1;

  bool operator==(const SliceGeometry&) const = default;
};

// The pixel aspect of a slice of so many lines and samples as stored. An array that says nothing of its field of view
// most likely covers a square one, as most protocols do, with as many lines as its resolution along y asked for.
inline double aspect_of(const SliceGeometry& geometry, std::int64_t height, std::int64_t width) {
  const auto lines = static_cast<double>(geometry.phase_height > 0 ? geometry.phase_height : height);
  const auto samples = static_cast<double>(geometry.readout_width > 0 ? geometry.readout_width : width);
  return geometry.pixel_aspect > 0 ? geometry.pixel_aspect : samples / lines;
}

// What `inspect` prints.
struct ScanSummary {
  std::string format;  // as users call it: "MRD raw data", "NumPy"
  Domain domain = Domain::kspace;
  std::int64_t coils = 0;                                    // physical coils (network input: channels / 2)
  std::int64_t encoded_x = 0, encoded_y = 0, encoded_z = 1;  // samples of one slice or slab as stored
  SliceGeometry geometry;                                    // of the first slice
  std::int64_t slices = 0;            // number of slices that read() can give: all labels, partitions included
  int measurements = 1;               // of a raw MRD file: those whose slices read() can give
  std::int64_t noise_samples = 0;     // samples per coil of the noise measurement; 0: none
  double zero_fraction = 0;           // share of samples that were not acquired (0 where unknown)
  bool zero_filled = false;           // missing lines count as zero that only allow_undersampled permits
  std::vector<std::string> warnings;  // what may have changed the embeddings, one line each
  std::vector<std::string> notes;     // anything else an engineer should know, one line each
  HeaderFacts header;                 // of MRD and fastMRI; of several measurements, the first one's
};

// Noise covariance n n^H / (N - 1), row-major (coils, coils).
struct NoiseCovariance {
  std::int64_t coils = 0;
  std::vector<std::complex<double>> values;
  // Channels of the scanner, ascending, that are dead: neither here nor in slices. The others keep their order.
  std::vector<std::int64_t> dead_channels = {};
  double sample_time_us = 0;  // between two samples of the noise measurement; 0: not known
  std::int64_t samples = 0;   // of each coil
};

// One slice. Reused between reads, so that its buffers are allocated once.
struct Slice {
  SliceLabel label;
  std::int64_t channels = 0;                 // coils, or 2 x coils of network input
  std::int64_t height = 0;                   // y
  std::int64_t width = 0;                    // x
  std::vector<std::complex<float>> samples;  // kspace, image: row-major (channels, height, width)
  std::vector<float> network_input;          // network input: row-major (channels, height, width)
  SliceGeometry geometry;                    // k-space: readers without oversampling leave it as it is
};

// Which noise measurement of a file is wanted.
enum class NoiseUse {
  own,    // that of the scan, to prewhiten it by
  none,   // another one takes its place
  alone,  // that of the file, and no slices
};

struct ReadOptions {
  std::optional<Domain> domain;     // for formats that do not state it; default k-space
  bool allow_undersampled = false;  // zero-fill lines of a Cartesian scan that were not acquired
  std::string group;                // of a raw MRD file with several measurements: the one to read; empty: all
  NoiseUse noise = NoiseUse::own;
  std::string hdf5_reader = {};  // the program that reads HDF5; empty: the one that is installed with this program
};

// An open scan file. Not thread-safe; one thread at a time may use a reader.
// All functions throw mriembed::Error with code bad_input; messages do not repeat the file's name, which the
// caller adds.
class ScanReader {
 public:
  virtual ~ScanReader() = default;
  ScanReader() = default;
  ScanReader(const ScanReader&) = delete;
  ScanReader& operator=(const ScanReader&) = delete;

  [[nodiscard]] virtual const ScanSummary& summary() const = 0;
  // Covariance of the scan's own noise measurement, where it has one.
  [[nodiscard]] virtual const std::optional<NoiseCovariance>& noise_covariance() const = 0;
  // The same of one measurement in a file with several.
  [[nodiscard]] virtual const std::optional<NoiseCovariance>& noise_of(int /*measurement*/) const {
    return noise_covariance();
  }
  // What the header of one measurement says.
  [[nodiscard]] virtual const HeaderFacts& header_of(int /*measurement*/) const { return summary().header; }
  // Reads slice `index`, 0 <= index < summary().slices, into `slice`.
  virtual void read(std::int64_t index, Slice& slice) = 0;
};

}  // namespace mriembed::io
