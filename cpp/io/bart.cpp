#include "bart.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "echo_check.hpp"
#include "partition_transform.hpp"
#include "size_limits.hpp"
#include "spokes.hpp"
#include "zero_samples.hpp"

namespace mriembed::io {

namespace {

constexpr std::size_t rank = 16;
constexpr std::size_t coil_axis = 3;
constexpr std::size_t echo_axis = 5;
constexpr std::size_t time_axis = 10;
constexpr std::size_t phase_axis = 11;
constexpr std::size_t slice_axis = 13;

using Dimensions = std::array<std::int64_t, rank>;

// What is a slice of a volume: x and y as a rule. Where one of x, y and z has a single sample, the other two span the
// only slice: `1 Y Z C` is one orthogonal to the readout.
struct Planes {
  std::int64_t width = 1;
  std::int64_t height = 1;
  std::int64_t partitions = 1;
};

Planes planes_of(const Dimensions& dimensions) {
  const auto [x, y, z] = std::array{dimensions[0], dimensions[1], dimensions[2]};
  if (x == 1 && y > 1 && z > 1) {
    return {y, z, 1};
  }
  if (y == 1 && x > 1 && z > 1) {
    return {x, z, 1};
  }
  return {x, y, z};
}

// The first 64 KiB of a header: the sizes stand at its beginning, and what follows may be of any length.
std::string beginning_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  constexpr std::streamsize longest = 1 << 16U;
  std::string text(static_cast<std::size_t>(longest), '\0');
  stream.read(text.data(), longest);
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return text;
}

Dimensions read_dimensions(const std::string& path) {
  std::istringstream lines(beginning_of(path));
  std::string line;
  while (std::getline(lines, line) && !line.starts_with("# Dimensions")) {
  }
  if (!lines || !std::getline(lines, line)) {
    refuse("the .hdr file has no line of sizes after \"# Dimensions\"");
  }
  Dimensions dimensions;
  dimensions.fill(1);
  std::istringstream sizes(line);
  std::int64_t size = 0;
  for (std::size_t axis = 0; sizes >> size; ++axis) {
    if (size < 1 || (axis >= rank && size > 1)) {
      refuse("the .hdr file gives dimension " + std::to_string(axis) + " the size " + std::to_string(size) +
             "; at least 1 is right, and at most 16 dimensions");
    }
    if (axis < rank) {
      dimensions[axis] = size;
    }
  }
  if (!sizes.eof()) {
    refuse("the .hdr file's line of sizes contains a value that is not a size");
  }
  return dimensions;
}

class BartReader final : public ScanReader {
 public:
  BartReader(const std::string& base, const ReadOptions& options)
      : dimensions_(read_dimensions(base + ".hdr")), stream_(base + ".cfl", std::ios::binary) {
    std::error_code failure;
    const auto present = std::filesystem::file_size(base + ".cfl", failure);
    if (!stream_ || failure) {
      refuse("the samples, " + base + ".cfl, cannot be opened; .hdr and .cfl belong together");
    }
    std::int64_t bytes = sizeof(std::complex<float>);
    for (const std::int64_t size : dimensions_) {
      bytes = checked_product(bytes, size, "the .hdr file's size");
    }
    if (bytes != static_cast<std::int64_t>(present)) {
      refuse("the .hdr file promises " + std::to_string(bytes) + " bytes of samples, the .cfl file holds " +
             std::to_string(present) + ": it is cut short or damaged");
    }
    planes_ = planes_of(dimensions_);
    check_extents(dimensions_[coil_axis], planes_.partitions, planes_.height, planes_.width);
    check_plane(planes_.height, planes_.width);
    for (std::size_t axis = coil_axis + 1; axis < rank; ++axis) {
      volumes_ *= dimensions_[axis];
    }
    describe(options);
    check_cartesian();
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return no_noise_; }

  void read(std::int64_t index, Slice& slice) override {
    const std::int64_t z = planes_.partitions;
    const std::int64_t volume = index / z;
    const std::int64_t partition = index % z;
    slice.label = label_of(volume);
    slice.label.partition = static_cast<int>(partition);
    slice.channels = dimensions_[coil_axis];
    slice.height = planes_.height;
    slice.width = planes_.width;
    slice.geometry = summary_.geometry;
    slice.network_input.clear();
    const std::int64_t plane = slice.height * slice.width;
    slice.samples.resize(static_cast<std::size_t>(slice.channels * plane));
    const bool transform = z > 1 && summary_.domain == Domain::kspace;
    if (transform) {
      load_transformed(volume);
    }
    for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
      std::complex<float>* const to = slice.samples.data() + coil * plane;
      if (transform) {
        std::copy_n(volume_.data() + (coil * z + partition) * plane, plane, to);
      } else {
        read_samples(((volume * slice.channels + coil) * z + partition) * plane, plane, to);
      }
    }
  }

 private:
  void describe(const ReadOptions& options) {
    summary_.format = "BART";
    summary_.domain = options.domain.value_or(Domain::kspace);
    summary_.geometry.pixel_aspect = summary_.domain == Domain::kspace ? 0 : 1;
    summary_.coils = dimensions_[coil_axis];
    summary_.encoded_x = planes_.width;
    summary_.encoded_y = planes_.height;
    summary_.encoded_z = planes_.partitions;
    summary_.slices = volumes_ * planes_.partitions;
    if (summary_.domain == Domain::kspace) {
      std::vector<std::complex<float>> first(static_cast<std::size_t>(planes_.width * planes_.height));
      read_samples(0, static_cast<std::int64_t>(first.size()), first.data());
      tell_of_zeros(first, summary_);
      look_for_echo(std::move(first));
    }
  }

  // By the first coil's central partition.
  void look_for_echo(std::vector<std::complex<float>> plane) {
    const auto count = static_cast<std::int64_t>(plane.size());
    read_samples(planes_.partitions / 2 * count, count, plane.data());
    const std::vector<std::string> warnings = warnings_of_array(plane, 1, planes_.height, planes_.width);
    summary_.warnings.insert(summary_.warnings.end(), warnings.begin(), warnings.end());
  }

  void check_cartesian() {
    const bool orthogonal_to_x = dimensions_[0] == 1 && planes_.partitions == 1 && planes_.height > 1;
    if (!orthogonal_to_x || summary_.domain != Domain::kspace) {
      return;
    }
    const std::int64_t coils = dimensions_[coil_axis];
    std::vector<std::complex<float>> first(static_cast<std::size_t>(coils * planes_.height * planes_.width));
    read_samples(0, static_cast<std::int64_t>(first.size()), first.data());
    if (are_spokes(energies_of_lines(first, coils, planes_.height, planes_.width))) {
      refuse(
          "radial or spiral k-space (dimensions 1, samples, spokes: every line passes through the centre of k-space); "
          "only Cartesian scans can be embedded: grid or reconstruct it first");
    }
    summary_.notes.emplace_back(
        "dimension 0 is 1: taken as a Cartesian slice of dimensions 1 and 2 (y, z), not as the spokes of a radial "
        "scan");
  }

  // The label of a volume: its index is taken apart along dimensions 4 to 15, dimension 4 fastest.
  [[nodiscard]] SliceLabel label_of(std::int64_t volume) const {
    SliceLabel label;
    std::int64_t set_stride = 1;
    for (std::size_t axis = coil_axis + 1; axis < rank; ++axis) {
      const std::int64_t size = dimensions_[axis];
      const auto position = static_cast<int>(volume % size);
      volume /= size;
      if (axis == slice_axis) {
        label.slice = position;
      } else if (axis == echo_axis) {
        label.contrast = position;
      } else if (axis == time_axis) {
        label.repetition = position;
      } else if (axis == phase_axis) {
        label.phase = position;
      } else {
        label.set += static_cast<int>(position * set_stride);
        set_stride *= size;
      }
    }
    return label;
  }

  void load_transformed(std::int64_t volume) {
    if (loaded_volume_ == volume) {
      return;
    }
    loaded_volume_ = -1;
    const std::int64_t plane = planes_.width * planes_.height;
    const std::int64_t count = plane * planes_.partitions * dimensions_[coil_axis];
    volume_.resize(static_cast<std::size_t>(count));
    read_samples(volume * count, count, volume_.data());
    transform_partitions(volume_, dimensions_[coil_axis], planes_.partitions, plane);
    loaded_volume_ = volume;
  }

  void read_samples(std::int64_t first, std::int64_t count, std::complex<float>* to) {
    constexpr auto size = static_cast<std::int64_t>(sizeof(std::complex<float>));
    stream_.clear();
    stream_.seekg(first * size);
    if (!stream_.read(reinterpret_cast<char*>(to), count * size)) {
      refuse("the .cfl file cannot be read to its end");
    }
  }

  Dimensions dimensions_;
  Planes planes_;
  std::ifstream stream_;
  std::int64_t volumes_ = 1;  // product of dimensions 4 to 15
  ScanSummary summary_;
  std::optional<NoiseCovariance> no_noise_;
  std::vector<std::complex<float>> volume_;  // the one volume whose partitions were transformed last
  std::int64_t loaded_volume_ = -1;
};

// The path without .hdr or .cfl, where it names a BART array; else empty.
std::string bart_base(const std::string& path) {
  std::string base = path;
  const std::string ending = path.size() > 4 ? path.substr(path.size() - 4) : "";
  if (ending == ".hdr" || ending == ".cfl") {
    base.resize(path.size() - 4);
  }
  const std::string header = base + ".hdr";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(header, ignored)) {
    return "";
  }
  // The content decides: a BART header has a "# Dimensions" line near its beginning.
  std::istringstream lines(beginning_of(header));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("# Dimensions")) {
      return base;
    }
  }
  return "";
}

}  // namespace

bool is_bart(const std::string& path) { return !bart_base(path).empty(); }

std::unique_ptr<ScanReader> open_bart(const std::string& path, const ReadOptions& options) {
  if (options.noise == NoiseUse::alone) {
    refuse("BART files hold no noise lines; MRD files with noise lines and NumPy arrays (coils, samples) do");
  }
  return std::make_unique<BartReader>(bart_base(path), options);
}

}  // namespace mriembed::io
