#include "fastmri.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "acquired_lines.hpp"
#include "echo_check.hpp"
#include "mrd_header.hpp"
#include "scan_geometry.hpp"
#include "size_limits.hpp"
#include "zero_samples.hpp"

namespace mriembed::io {

namespace {

class FastMriReader final : public ScanReader {
 public:
  FastMriReader(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options)
      : kspace_(open_dataset(file, "kspace", file_size)), complex_(memory_type(kspace_)), shape_(shape_of(kspace_)) {
    if (options.domain.value_or(Domain::kspace) != Domain::kspace) {
      refuse("a fastMRI file holds k-space; --input image does not fit");
    }
    if (shape_.size() != 3 && shape_.size() != 4) {
      refuse("its k-space has " + std::to_string(shape_.size()) +
             " dimensions; expected (slice, coil, ky, kx), or (slice, ky, kx) of a single coil");
    }
    if (std::find(shape_.begin(), shape_.end(), 0) != shape_.end()) {
      refuse("its k-space has an empty axis");
    }
    rows_ = shape_[shape_.size() - 2];
    columns_ = shape_.back();
    summary_.format = "fastMRI";
    summary_.coils = shape_.size() == 4 ? shape_[1] : 1;
    summary_.slices = shape_[0];
    std::int64_t bytes = sizeof(std::complex<float>);
    for (const std::int64_t length : shape_) {
      bytes = checked_product(bytes, length, "its k-space");
    }
    check_justified(bytes, file_size, "its k-space");
    check_extents(summary_.coils, 1, rows_, columns_);
    check_plane(rows_, columns_);
    find_readout(file, file_size);
    check_mask(file, file_size, options);
    if (summary_.zero_fraction == 0) {
      look_for_zeros();
    }
    if (stored_lines() < summary_.encoded_y) {
      summary_.zero_fraction = 1 - (1 - summary_.zero_fraction) * static_cast<double>(stored_lines()) /
                                       static_cast<double>(summary_.encoded_y);
    }
    look_for_echo();
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return no_noise_; }

  void read(std::int64_t index, Slice& slice) override {
    slice.label = SliceLabel();
    slice.label.slice = static_cast<int>(index);
    slice.channels = summary_.coils;
    slice.height = summary_.encoded_y;
    slice.width = summary_.encoded_x;
    slice.geometry = summary_.geometry;
    slice.network_input.clear();
    slice.samples.resize(static_cast<std::size_t>(slice.channels * slice.height * slice.width));
    read_placed(index, 0, slice.channels, slice.samples);
  }

 private:
  static Hdf5Handle memory_type(const Hdf5Handle& dataset) {
    std::optional<Hdf5Handle> type = complex_memory_type(type_of(dataset));
    if (!type.has_value()) {
      refuse("its dataset \"kspace\" is not complex; expected complex64 of a fastMRI file");
    }
    return std::move(*type);
  }

  // Some coils of a slice, in the order of the file.
  void read_stored(std::int64_t index, std::int64_t coil, std::int64_t coils,
                   std::vector<std::complex<float>>& samples) {
    std::vector<std::int64_t> start(shape_.size(), 0);
    std::vector<std::int64_t> count = shape_;
    start[0] = index;
    count[0] = 1;
    if (shape_.size() == 4) {
      start[1] = coil;
      count[1] = coils;
    }
    read_complex(kspace_, complex_, start, count, samples.data());
  }

  // Phase encoding lines as stored.
  [[nodiscard]] std::int64_t stored_lines() const { return readout_along_rows_ ? columns_ : rows_; }

  // Some coils of a slice as a Slice has them, (coils, y, x).
  void read_placed(std::int64_t index, std::int64_t coil, std::int64_t coils,
                   std::vector<std::complex<float>>& samples) {
    const std::int64_t lines = stored_lines();
    const std::int64_t height = summary_.encoded_y;
    const std::int64_t width = summary_.encoded_x;
    if (!readout_along_rows_ && lines == height) {
      read_stored(index, coil, coils, samples);
      return;
    }
    stored_.resize(static_cast<std::size_t>(coils * rows_ * columns_));
    read_stored(index, coil, coils, stored_);
    if (lines < height) {
      std::fill(samples.begin(), samples.end(), 0.0F);
    }
    const std::int64_t along_x = readout_along_rows_ ? columns_ : 1;
    const std::int64_t along_y = readout_along_rows_ ? 1 : columns_;
    for (std::int64_t number = 0; number < coils; ++number) {
      const std::complex<float>* const from = stored_.data() + number * rows_ * columns_;
      std::complex<float>* const to = samples.data() + (number * height + first_line_) * width;
      for (std::int64_t y = 0; y < lines; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          to[y * width + x] = from[y * along_y + x * along_x];
        }
      }
    }
  }

  // By a few coils of the first slice.
  void look_for_echo() {
    constexpr std::int64_t enough = 4;
    const std::int64_t step = std::max<std::int64_t>(1, summary_.coils / enough);
    std::vector<std::complex<float>> one(static_cast<std::size_t>(summary_.encoded_y * summary_.encoded_x));
    std::vector<std::complex<float>> samples;
    std::int64_t coils = 0;
    for (std::int64_t coil = 0; coil < summary_.coils; coil += step, ++coils) {
      read_placed(0, coil, 1, one);
      samples.insert(samples.end(), one.begin(), one.end());
    }
    for (std::string& warning : warnings_of_array(samples, coils, summary_.encoded_y, summary_.encoded_x)) {
      summary_.warnings.push_back(std::move(warning));
    }
  }

  // Those of the first slice, in its first coil that is not dead.
  void look_for_zeros() {
    std::vector<std::complex<float>> samples(static_cast<std::size_t>(rows_ * columns_));
    const auto is_dead = [&] {
      return std::ranges::all_of(samples, [](const std::complex<float>& sample) { return sample == 0.0F; });
    };
    for (std::int64_t coil = 0; coil < summary_.coils && is_dead(); ++coil) {
      read_stored(0, coil, 1, samples);
    }
    tell_of_zeros(samples, summary_);
  }

  // A mask is one of the phase encoding, as fastMRI defines it, and has one value for each column.
  void find_readout(const Hdf5Handle& file, std::int64_t file_size) {
    summary_.encoded_x = columns_;
    summary_.encoded_y = rows_;
    if (!holds_dataset(file, "ismrmrd_header")) {
      readout_along_rows_ = holds_dataset(file, "mask");
      summary_.notes.emplace_back(readout_along_rows_
                                      ? "no ismrmrd_header: without readout oversampling"
                                      : "no ismrmrd_header: taken as stored, without readout oversampling");
      turn_readout();
      return;
    }
    const MrdHeader header = parse_mrd_header(read_text(open_dataset(file, "ismrmrd_header", file_size)));
    summary_.header = header.facts;
    const MrdEncoding& encoding = header.encodings.front();
    readout_along_rows_ = encoding.encoded.x == rows_;
    if (!readout_along_rows_ && encoding.encoded.x != columns_) {
      refuse("its header's encoded matrix has " + std::to_string(encoding.encoded.x) +
             " readout samples, but its k-space is " + std::to_string(rows_) + " x " + std::to_string(columns_));
    }
    turn_readout();
    place_lines(encoding, file_size);
    take_geometry(encoding);
  }

  // Lines of partial Fourier that are stored without the missing ones: the encoding limits say where they belong.
  // Limits around their middle are those of a lower resolution, which covers the same field of view.
  void place_lines(const MrdEncoding& encoding, std::int64_t file_size) {
    const std::optional<EncodingLimit>& limit = encoding.kspace_encode_step_1;
    const std::int64_t lines = stored_lines();
    const std::int64_t size = encoding.encoded.y;
    if (!limit.has_value() || limit->maximum - limit->minimum + 1 != lines || lines >= size) {
      return;
    }
    const std::int64_t before = limit->center - limit->minimum;  // the central line
    const std::int64_t first = size / 2 - before;
    if (before <= 0 || before == lines / 2 || first < 0 || first + lines > size) {
      return;
    }
    check_extents(summary_.coils, 1, size, summary_.encoded_x);
    check_justified(8 * summary_.slices * summary_.coils * size * summary_.encoded_x, file_size, "its k-space");
    first_line_ = first;
    summary_.encoded_y = size;
    summary_.warnings.push_back("kspace_encode_step_1 covers " + std::to_string(lines) + " of " + std::to_string(size) +
                                " lines (partial Fourier)");
  }

  void turn_readout() {
    if (readout_along_rows_) {
      std::swap(summary_.encoded_x, summary_.encoded_y);
      summary_.notes.emplace_back("readout stored along ky, turned to x");
    }
  }

  // Stored may be another number of lines than was encoded, over the same field of view. A slab's partitions are
  // slices.
  void take_geometry(MrdEncoding encoding) {
    const auto lines = static_cast<double>(encoding.encoded.y);
    const double stored = static_cast<double>(summary_.encoded_y) / lines;
    encoding.recon.y = std::max<std::int64_t>(1, std::llround(static_cast<double>(encoding.recon.y) * stored));
    encoding.encoded.y = summary_.encoded_y;
    encoding.encoded.z = encoding.recon.z = 1;
    const ScanGeometry geometry = geometry_of(encoding);
    summary_.geometry.readout_width = geometry.image.x < summary_.encoded_x ? geometry.image.x : 0;
    summary_.geometry.phase_height = geometry.image.y < summary_.encoded_y ? geometry.image.y : 0;
    summary_.geometry.pixel_aspect = geometry.pixel_aspect;
    summary_.warnings.insert(summary_.warnings.end(), geometry.notes.begin(), geometry.notes.end());
  }

  void check_mask(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options) {
    if (!holds_dataset(file, "mask")) {
      return;
    }
    const Hdf5Handle mask = open_dataset(file, "mask", file_size);
    const std::vector<std::int64_t> shape = shape_of(mask);
    if (shape.size() != 1 || shape[0] != columns_) {
      refuse("its sampling mask does not have one value for each of the " + std::to_string(columns_) + " columns");
    }
    std::vector<float> values(static_cast<std::size_t>(shape[0]));
    if (H5Dread(mask.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
      refuse("its sampling mask cannot be read");
    }
    const auto missing = std::count(values.begin(), values.end(), 0.0F);
    summary_.zero_fraction = static_cast<double>(missing) / static_cast<double>(columns_);
    if (missing == 0) {
      return;
    }
    if (!readout_along_rows_) {
      refuse("its mask leaves out " + std::to_string(missing) + " of " + std::to_string(columns_) +
             " columns, which are the readout by its ismrmrd_header; a mask is one of phase encoding");
    }
    std::vector<bool> measured(static_cast<std::size_t>(summary_.encoded_y), false);
    std::transform(values.begin(), values.end(), measured.begin() + first_line_,
                   [](float value) { return value != 0; });
    if (has_dense_centre(measured)) {
      summary_.warnings.push_back("accelerated: " + std::to_string(columns_ - missing) + " of " +
                                  std::to_string(columns_) +
                                  " lines were measured; the missing ones are filled in as far as they can be");
    } else if (options.allow_undersampled) {
      summary_.zero_filled = true;
      summary_.warnings.push_back(
          "undersampled: " + std::to_string(columns_ - missing) + " of " + std::to_string(columns_) +
          " lines were measured; the missing ones are zero, or filled in as far as they can be");
    } else {
      refuse("undersampled: its mask leaves out " + std::to_string(missing) + " of " + std::to_string(columns_) +
             " lines; --allow-undersampled takes them as zero");
    }
  }

  Hdf5Handle kspace_;
  Hdf5Handle complex_;
  std::vector<std::int64_t> shape_;
  std::int64_t rows_ = 0;     // as stored
  std::int64_t columns_ = 0;  // as stored
  bool readout_along_rows_ = false;
  std::int64_t first_line_ = 0;  // of the stored ones, in the encoded matrix
  ScanSummary summary_;
  std::optional<NoiseCovariance> no_noise_;
  std::vector<std::complex<float>> stored_;
};

}  // namespace

bool is_fastmri(const Hdf5Handle& file) { return holds_dataset(file, "kspace"); }

std::unique_ptr<ScanReader> open_fastmri(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options) {
  return std::make_unique<FastMriReader>(file, file_size, options);
}

}  // namespace mriembed::io
