#include "noise_scan.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "scan_files.hpp"
#include "stream_messages.hpp"

namespace mriembed::io::testing_files {
namespace {

using Names = std::vector<std::string>;

// Of the powers 1 and 4, without a covariance.
constexpr double first_power = 1.0 * 64 / 63;
constexpr double second_power = 4.0 * 64 / 63;

ISMRMRD::Acquisition noise_of_two_coils() {
  ISMRMRD::Acquisition noise = noise_of_power(1);
  for (std::uint16_t sample = 0; sample < 64; ++sample) {
    noise.data(sample, 1) *= 2.0F;
  }
  return noise;
}

std::string named_xml(const Names& names) { return with_coil_names(mrd_xml(MrdMatrix()), names); }

MeasuredNoise noise_of_file(const std::string& path) {
  ReadOptions options;
  options.noise = NoiseUse::alone;
  return noise_in(*open_scan(path, options), path);
}

// The same noise lines in HDF5 and as a stream.
std::vector<MeasuredNoise> measured(const Names& names, const ISMRMRD::Acquisition& noise = noise_of_two_coils()) {
  const std::string xml = named_xml(names);
  return {noise_of_file(written_mrd(xml, {noise})),
          noise_of_file(written(".mrd", header_message(xml) + acquisition_message(noise) + close_message()))};
}

std::unique_ptr<ScanReader> scan_with(const std::string& path, const MeasuredNoise& noise) {
  ReadOptions options;
  options.noise = NoiseUse::none;
  return with_noise(open_scan(path, options), noise);
}

std::string refusal_with(const std::string& path, const MeasuredNoise& noise) {
  try {
    scan_with(path, noise);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    return error.what();
  }
  return "accepted";
}

TEST(NoiseScan, is_that_of_the_same_numbers_where_no_name_contradicts) {
  for (const auto& [of_scan, of_noise] : {std::pair{Names{"A", "B"}, Names{"A", "B"}},
                                          {Names{}, Names{"A", "B"}},
                                          {Names{"A", "B"}, Names{}},
                                          {Names{}, Names{}}}) {
    const std::string path = written_mrd(named_xml(of_scan), full_scan());
    for (const MeasuredNoise& noise : measured(of_noise)) {
      const auto scan = scan_with(path, noise);
      EXPECT_NEAR(scan->noise_covariance()->values[0].real(), first_power, 1e-6);
      EXPECT_NEAR(scan->noise_covariance()->values[3].real(), second_power, 1e-6);
      EXPECT_EQ(scan->summary().notes.back(), "noise: of " + noise.name);
    }
  }
}

TEST(NoiseScan, is_put_into_the_order_of_the_scans_coils) {
  const std::string path = written_mrd(named_xml({"A", "B"}), full_scan());
  for (const MeasuredNoise& noise : measured({"B", "A"})) {
    const auto scan = scan_with(path, noise);
    EXPECT_NEAR(scan->noise_covariance()->values[0].real(), second_power, 1e-6);
    EXPECT_NEAR(scan->noise_covariance()->values[3].real(), first_power, 1e-6);
    expect_placed(read_slice(*scan, 0), {});
    EXPECT_EQ(scan->summary().notes.back(), "noise: of " + noise.name + ", whose coils are in another order");
  }
}

TEST(NoiseScan, leaves_the_coil_out_that_is_dead_by_its_name) {
  ISMRMRD::Acquisition noise = noise_of_power(1);
  for (std::uint16_t sample = 0; sample < 64; ++sample) {
    noise.data(sample, 0) = 0;
  }
  const std::string path = written_mrd(named_xml({"A", "B"}), full_scan());
  for (const MeasuredNoise& found : measured({"B", "A"}, noise)) {
    const auto scan = scan_with(path, found);
    EXPECT_TRUE(warns(*scan, "left out as dead: coil 1 of 2"));
    const Slice slice = read_slice(*scan, 0);
    ASSERT_EQ(slice.channels, 1);
    EXPECT_EQ(slice.samples[0], sample_at(0, 0, 0, 0));
  }
}

TEST(NoiseScan, is_refused_where_it_is_that_of_other_coils) {
  const std::string path = written_mrd(named_xml({"A", "B"}), full_scan());
  for (const MeasuredNoise& noise : measured({"A", "C"})) {
    EXPECT_EQ(refusal_with(path, noise), "it has other coils than the noise measurement " + noise.name +
                                             ": coil 1 is \"B\" here and \"C\" there; noise of the same coils would be "
                                             "right");
  }
}

TEST(NoiseScan, serves_the_measurements_of_a_file_whose_coils_are_those_of_the_first_one) {
  for (const auto& [names, refusal] :
       {std::pair{Names{"A", "B"}, std::string("accepted")},
        {Names{"B", "A"}, std::string("a measurement of it has other coils than the first one, or in another order")},
        {Names{"A", "C"},
         std::string("a measurement of it has other coils than the first one, or in another order")}}) {
    const std::string path = fresh_path(".h5");
    add_mrd(path, "scan_1", named_xml({"A", "B"}), full_scan());
    add_mrd(path, "scan_2", named_xml(names), full_scan());
    const auto scan = scan_with(path, measured({"B", "A"}).front());
    expect_placed(read_slice(*scan, 0), {});
    std::string found = "accepted";
    try {
      expect_placed(read_slice(*scan, 1), {});
    } catch (const Error& error) {
      found = error.what();
    }
    EXPECT_EQ(found.find(refusal), 0U) << found;
  }
}

}  // namespace
}  // namespace mriembed::io::testing_files
