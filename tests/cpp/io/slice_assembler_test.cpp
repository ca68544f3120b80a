// Against physics: k-space of ellipses is known at any place, and each sample must be that of its place.
#include "slice_assembler.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

struct Place {
  double x, y, z;  // cycles per millimetre
};

// The Fourier transform of an ellipsoid's cross sections, with a Gaussian profile along z, at (center) and of half axes
// (radius), in millimetres (Van de Walle et al. 2000, doi:10.1109/42.897813, for the ellipse).
struct Body {
  double density;
  Place center, radius;

  [[nodiscard]] std::complex<double> at(const Place& k) const {
    const double length = std::hypot(radius.x * k.x, radius.y * k.y);
    const double argument = 2 * std::numbers::pi * length;
    const double disc = argument < 1e-9 ? 0.5 : std::cyl_bessel_j(1, argument) / argument;
    const double profile = std::exp(-std::pow(std::numbers::pi * radius.z * k.z, 2));
    const double turn = -2 * std::numbers::pi * (k.x * center.x + k.y * center.y + k.z * center.z);
    return density * radius.x * radius.y * disc * profile * std::polar(1.0, turn);
  }
};

Complex signal(std::int64_t coil, const Place& k) {
  static const std::vector<std::vector<Body>> seen{{{1, {5, -12, 2}, {70, 90, 12}}, {-0.4, {-20, 30, 0}, {15, 25, 6}}},
                                                   {{0.7, {-10, 8, -3}, {80, 60, 10}}, {0.9, {35, -40, 4}, {12, 9, 5}}},
                                                   {{0.8, {0, 20, 0}, {60, 75, 14}}}};
  std::complex<double> sum = 0;
  for (const Body& body : seen.at(static_cast<std::size_t>(coil))) {
    sum += body.at(k);
  }
  return Complex(sum * std::polar(1.0, 0.8 * static_cast<double>(coil)));
}

constexpr std::int64_t coils = 3;

// A scan as a scanner makes it.
class Scanner {
 public:
  explicit Scanner(MrdEncoding encoding) : encoding_(std::move(encoding)) {}

  // A readout of `samples` samples; sample i at k = i - center_sample, of a reversed one at center_sample - i.
  void measure(Acquisition line, double scale = 1) {
    line.coils = coils;
    const bool reversed = line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
    std::vector<Complex> samples;
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      for (std::int64_t sample = 0; sample < line.samples; ++sample) {
        const bool kept = sample >= line.discard_pre && sample < line.samples - line.discard_post;
        const std::int64_t x = reversed ? line.center_sample - sample : sample - line.center_sample;
        const Complex at =
            signal(coil, {static_cast<double>(x) / encoding_.encoded_fov.x,
                          static_cast<double>(line.kspace_encode_step_1 - center(encoding_.kspace_encode_step_1)) /
                              encoding_.encoded_fov.y,
                          static_cast<double>(line.kspace_encode_step_2 - center(encoding_.kspace_encode_step_2)) /
                              encoding_.encoded_fov.z});
        samples.push_back(kept ? at * static_cast<float>(scale) : Complex(1e6F, -1e6F));
      }
    }
    lines_.emplace_back(line, samples);
  }

  void shuffle(std::mt19937& random) { std::shuffle(lines_.begin(), lines_.end(), random); }

  [[nodiscard]] const auto& lines() const { return lines_; }
  [[nodiscard]] const MrdEncoding& encoding() const { return encoding_; }

  // What the assembler makes of the lines, one by one.
  [[nodiscard]] Slice assembled(const VolumeKey& key = {}, std::int64_t partition = 0) const {
    LineFacts facts;
    facts.first = lines_.front().first;
    facts.several_partitions = encoding_.encoded.z > 1;
    SliceAssembler assembler(encoding_, facts, {0, 1, 2});
    for (std::size_t index = 0; index < lines_.size(); ++index) {
      assembler.add(key_of(lines_[index].first), lines_[index].first, index, lines_[index].second);
    }
    assembler.finish(key);
    Slice slice;
    assembler.take_slice(partition, slice);
    return slice;
  }

 private:
  static std::int64_t center(const std::optional<EncodingLimit>& limit) { return limit ? limit->center : 0; }

  MrdEncoding encoding_;
  std::vector<std::pair<Acquisition, std::vector<Complex>>> lines_;
};

MrdEncoding encoding_of(Matrix matrix, FieldOfView fov) {
  MrdEncoding encoding;
  encoding.encoded = encoding.recon = matrix;
  encoding.encoded_fov = encoding.recon_fov = fov;
  encoding.kspace_encode_step_1 = EncodingLimit{0, matrix.y - 1, matrix.y / 2};
  encoding.trajectory = "cartesian";
  return encoding;
}

Acquisition line_of(std::int64_t samples, std::int64_t center, std::int64_t kspace_encode_step_1) {
  Acquisition line;
  line.samples = static_cast<std::uint16_t>(samples);
  line.center_sample = static_cast<std::uint16_t>(center);
  line.kspace_encode_step_1 = static_cast<std::uint16_t>(kspace_encode_step_1);
  return line;
}

// Every sample at `measured` places is the signal of its place; all others are zero.
void expect_signal(const Slice& slice, const MrdEncoding& encoding,
                   const std::function<bool(std::int64_t y, std::int64_t x)>& measured) {
  const auto peak = static_cast<double>(std::abs(signal(0, {0, 0, 0})));
  for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
    for (std::int64_t y = 0; y < slice.height; ++y) {
      for (std::int64_t x = 0; x < slice.width; ++x) {
        const std::int64_t from_centre_x = x - slice.width / 2;
        const std::int64_t from_centre_y = y - slice.height / 2;
        const Place k{static_cast<double>(from_centre_x) / encoding.encoded_fov.x,
                      static_cast<double>(from_centre_y) / encoding.encoded_fov.y, 0};
        const Complex expected = measured(y, x) ? signal(coil, k) : Complex(0);
        const auto at = static_cast<std::size_t>((coil * slice.height + y) * slice.width + x);
        ASSERT_LT(std::abs(slice.samples[at] - expected), 1e-5 * peak) << coil << " " << y << " " << x;
      }
    }
  }
}

TEST(SliceAssembler, puts_every_sample_at_its_place_whatever_the_readouts_are_like) {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same scans every time
  const auto drawn = [&](std::int64_t lowest, std::int64_t highest) {
    return std::uniform_int_distribution<std::int64_t>(lowest, highest)(random);
  };
  for (int scan = 0; scan < 200; ++scan) {
    const std::int64_t width = drawn(12, 33);
    const std::int64_t height = drawn(3, 19);
    MrdEncoding encoding = encoding_of({width, height, 1}, {300, 240, 5});
    const std::int64_t minimum = drawn(0, 3);
    encoding.kspace_encode_step_1 = EncodingLimit{minimum, minimum + height - 1 - drawn(0, height / 3), 0};
    encoding.kspace_encode_step_1->center =
        std::clamp(minimum + height / 2 + drawn(-2, 2), std::max<std::int64_t>(1, minimum),
                   encoding.kspace_encode_step_1->maximum);
    Scanner scanner(encoding);
    std::vector<std::vector<bool>> measured(static_cast<std::size_t>(height),
                                            std::vector<bool>(static_cast<std::size_t>(width), false));
    for (std::int64_t step = encoding.kspace_encode_step_1->minimum; step <= encoding.kspace_encode_step_1->maximum;
         ++step) {
      const std::int64_t samples = drawn(width - width / 4, width);
      Acquisition line = line_of(samples, std::clamp(samples / 2 + drawn(-4, 4), std::int64_t{1}, samples - 1), step);
      line.discard_pre = static_cast<std::uint16_t>(drawn(0, 1) * drawn(0, 4));
      line.discard_post = static_cast<std::uint16_t>(drawn(0, 1) * drawn(0, 4));
      line.flags = drawn(0, 1) == 1 ? std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_REVERSE - 1U) : 0;
      scanner.measure(line);
      for (std::int64_t sample = line.discard_pre; sample < samples - line.discard_post; ++sample) {
        const std::int64_t k = line.flags == 0 ? sample - line.center_sample : line.center_sample - sample;
        const std::int64_t y = step - encoding.kspace_encode_step_1->center + height / 2;
        if (y >= 0 && y < height && k + width / 2 >= 0 && k + width / 2 < width) {
          measured[static_cast<std::size_t>(y)][static_cast<std::size_t>(k + width / 2)] = true;
        }
      }
    }
    scanner.shuffle(random);
    expect_signal(scanner.assembled(), encoding, [&](std::int64_t y, std::int64_t x) {
      return measured[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
    });
    if (::testing::Test::HasFatalFailure()) {
      return;
    }
  }
}

TEST(SliceAssembler, averages_readouts_that_reach_over_different_samples) {
  const MrdEncoding encoding = encoding_of({16, 4, 1}, {250, 250, 5});
  Scanner scanner(encoding);
  for (std::int64_t step = 0; step < 4; ++step) {
    Acquisition line = line_of(16, 8, step);
    line.discard_pre = 5;
    scanner.measure(line, 0.5);
    line.average = 1;
    line.discard_pre = 0;
    line.discard_post = 3;
    scanner.measure(line, 1.5);
  }
  const Slice slice = scanner.assembled();
  for (std::int64_t x = 0; x < 16; ++x) {
    const double scale = x < 5 ? 1.5 : x >= 13 ? 0.5 : 1;
    const Complex expected = signal(0, {static_cast<double>(x - 8) / 250, 0, 0});
    EXPECT_LT(std::abs(slice.samples[static_cast<std::size_t>(32 + x)] - static_cast<float>(scale) * expected), 1e-2F)
        << x;
  }
}

TEST(SliceAssembler, gives_the_partitions_of_a_slab_inside_its_field_of_view) {
  // 12 partitions of 4 mm were encoded, 6 are the image; the centre of kz is step 5.
  MrdEncoding encoding = encoding_of({10, 6, 12}, {300, 250, 48});
  encoding.recon_fov.z = 24;
  encoding.recon.z = 40;  // interpolated
  encoding.kspace_encode_step_2 = EncodingLimit{0, 11, 5};
  Scanner scanner(encoding);
  for (std::int64_t kspace_encode_step_2 = 0; kspace_encode_step_2 < 12; ++kspace_encode_step_2) {
    for (std::int64_t kspace_encode_step_1 = 0; kspace_encode_step_1 < 6; ++kspace_encode_step_1) {
      Acquisition line = line_of(10, 5, kspace_encode_step_1);
      line.kspace_encode_step_2 = static_cast<std::uint16_t>(kspace_encode_step_2);
      scanner.measure(line);
    }
  }
  for (std::int64_t partition = 0; partition < 6; ++partition) {
    const Slice slice = scanner.assembled({}, partition);
    EXPECT_EQ(slice.label.partition, partition);
    const std::int64_t z = partition - 3;  // from the slab's middle
    for (std::int64_t y = 0; y < 6; ++y) {
      for (std::int64_t x = 0; x < 10; ++x) {
        std::complex<double> expected = 0;  // step 11 lies at k = 6, beyond the matrix
        for (std::int64_t k = -5; k < 6; ++k) {
          const std::complex<double> at(signal(
              1, {static_cast<double>(x - 5) / 300, static_cast<double>(y - 3) / 250, static_cast<double>(k) / 48}));
          expected += at * std::polar(1 / std::sqrt(12.0), 2 * std::numbers::pi * static_cast<double>(k * z) / 12);
        }
        const auto found = std::complex<double>(slice.samples[static_cast<std::size_t>((6 + y) * 10 + x)]);
        ASSERT_LT(std::abs(found - expected), 0.1) << partition << " " << y << " " << x;  // of some thousands
      }
    }
  }
}

TEST(SliceAssembler, finds_the_centre_in_the_signal_where_the_header_is_wrong) {
  // 24 of 32 lines; the header says that step 16 is the centre, idx.user[5] and physics that it is step 8.
  MrdEncoding encoding = encoding_of({16, 32, 1}, {300, 300, 5});
  encoding.kspace_encode_step_1 = EncodingLimit{0, 23, 8};
  Scanner scanner(encoding);
  for (std::int64_t step = 0; step < 24; ++step) {
    Acquisition line = line_of(16, 8, step);
    line.user[5] = 8;
    scanner.measure(line);
  }
  encoding.kspace_encode_step_1->center = 16;
  LineFacts facts;
  facts.first = scanner.lines().front().first;
  facts.user_center_1 = 8;
  SliceAssembler assembler(encoding, facts, {0, 1, 2});
  for (std::size_t index = 0; index < scanner.lines().size(); ++index) {
    const auto& [line, samples] = scanner.lines()[index];
    assembler.add(key_of(line), line, index, samples);
  }
  assembler.finish({});
  Slice slice;
  assembler.take_slice(0, slice);
  expect_signal(slice, encoding, [](std::int64_t y, std::int64_t /*x*/) { return y >= 8; });
}

TEST(SliceAssembler, keeps_volumes_apart_that_come_interleaved_and_the_coils_that_are_asked_for) {
  const MrdEncoding encoding = encoding_of({8, 4, 1}, {200, 200, 5});
  LineFacts facts;
  facts.first = line_of(8, 4, 0);
  SliceAssembler assembler(encoding, facts, {1});
  std::size_t index = 0;
  for (std::int64_t step = 0; step < 4; ++step) {
    for (std::uint16_t slice = 0; slice < 3; ++slice) {
      Acquisition line = line_of(8, 4, step);
      line.slice = slice;
      line.coils = 2;
      std::vector<Complex> samples(8, -1);
      samples.resize(16, Complex(static_cast<float>(slice), static_cast<float>(step)));
      assembler.add(key_of(line), line, index++, samples);
    }
  }
  for (const std::uint16_t number : {std::uint16_t{2}, std::uint16_t{0}, std::uint16_t{1}}) {
    ASSERT_NE(assembler.acquired({number}), nullptr);
    EXPECT_EQ(assembler.acquired({number})->count(), 4);
    assembler.finish({number});
    EXPECT_EQ(assembler.acquired({number}), nullptr);
    Slice slice;
    assembler.take_slice(0, slice);
    EXPECT_EQ(slice.label.slice, number);
    EXPECT_EQ(slice.channels, 1);
    EXPECT_EQ(slice.samples[8 * 3 + 5], Complex(static_cast<float>(number), 3));
  }
}

TEST(SliceAssembler, averages_only_what_was_not_dropped) {
  const MrdEncoding encoding = encoding_of({8, 1, 1}, {200, 200, 5});
  LineFacts facts;
  facts.first = line_of(8, 4, 0);
  SliceAssembler assembler(encoding, facts, {0});
  assembler.add({}, line_of(8, 4, 0), 0, std::vector<Complex>(8, 5));
  assembler.drop({});
  assembler.add({}, line_of(8, 4, 0), 0, std::vector<Complex>(8, 1));
  assembler.finish({});
  Slice slice;
  assembler.take_slice(0, slice);
  EXPECT_EQ(slice.samples[0], Complex(1));
}

TEST(SliceAssembler, tells_what_lines_were_measured_for) {
  const auto kind = [](std::initializer_list<int> flags) {
    Acquisition line;
    line.samples = 1;
    for (const int flag : flags) {
      line.flags |= std::uint64_t{1} << static_cast<unsigned>(flag - 1);
    }
    return kind_of(line);
  };
  using namespace ISMRMRD;
  EXPECT_EQ(kind({}), LineKind::imaging);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING}), LineKind::imaging);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION}), LineKind::calibration);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_NOISE_MEASUREMENT}), LineKind::noise);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_NOISE_MEASUREMENT, ISMRMRD_ACQ_IS_DUMMYSCAN_DATA}), LineKind::other);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_PHASECORR_DATA}), LineKind::phase_correction);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_PHASECORR_DATA, ISMRMRD_ACQ_IS_RTFEEDBACK_DATA}), LineKind::phase_correction);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_PHASECORR_DATA, ISMRMRD_ACQ_IS_DUMMYSCAN_DATA}), LineKind::other);
  EXPECT_EQ(kind({ISMRMRD_ACQ_IS_RTFEEDBACK_DATA}), LineKind::other);
  EXPECT_EQ(kind_of(Acquisition()), LineKind::other);  // without samples
}

}  // namespace
}  // namespace mriembed::io::testing_files
