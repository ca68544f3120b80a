#include "check/reference_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "../scratch_folder.hpp"
#include "mriembed/error.hpp"

namespace mriembed::check {
namespace {

using nlohmann::json;

// Coils 0, 1, ... of a scan with these names; coil c has the noise c + 1.
json measurement_of(const std::vector<std::string>& names, int number = 0) {
  json coils = json::array();
  for (std::size_t coil = 0; coil < names.size(); ++coil) {
    coils.push_back({{"channel", coil}, {"name", names[coil]}, {"noise", coil + 1}});
  }
  return {{"file", "monday.h5"}, {"measurement", number},       {"noise_is_measured", true},
          {"dead_channels", {}}, {"noise_sample_time_us", 2.5}, {"noise_averages", 1},
          {"coils", coils}};
}

ReferenceFile file_with(const std::string& text) {
  const std::string path = testing_files::scratch_folder() / "reference.json";
  std::ofstream(path) << text;
  return ReferenceFile(path);
}

ReferenceFile file_of(const json& measurement) { return file_with(measurement.dump() + "\n"); }

ComparedCoils scan_of(const std::vector<std::string>& names) {
  ComparedCoils scan;
  scan.names = names;
  scan.noise.assign(names.size(), 1);
  for (std::size_t coil = 0; coil < names.size(); ++coil) {
    scan.channels.push_back(static_cast<std::int64_t>(coil));
  }
  scan.noise_is_measured = true;
  scan.conditions = {2.5, 1};
  return scan;
}

TEST(ReferenceFile, matches_coils_by_name_in_any_order) {
  const ReferenceMatch match = file_of(measurement_of({"A", "B", "C"})).matching(scan_of({"C", "A", "B"}));
  EXPECT_EQ(match.noise.noise, (std::vector<double>{3, 1, 2}));
  EXPECT_FALSE(match.noise.is_estimated);
  EXPECT_EQ(match.scan, "monday.h5");
  EXPECT_EQ(match.refusal + match.assumption, "");
}

TEST(ReferenceFile, says_how_many_coils_it_does_not_have) {
  const ReferenceMatch match = file_of(measurement_of({"A", "B", "C"})).matching(scan_of({"C", "D", "A", "E"}));
  EXPECT_EQ(match.noise.noise, (std::vector<double>{3, 0, 1, 0}));
  EXPECT_EQ(match.refusal, "2 of 4 coils are not in it, or their noise is not known");
}

TEST(ReferenceFile, matches_coils_of_one_name_by_number_as_well) {
  const ReferenceMatch match = file_of(measurement_of({"H", "H", "N"})).matching(scan_of({"N", "H", "H"}));
  EXPECT_EQ(match.noise.noise, (std::vector<double>{3, 2, 0}));
}

TEST(ReferenceFile, matches_coils_without_names_by_number_in_an_array_of_the_same_size) {
  ComparedCoils scan = scan_of({"", ""});
  scan.channels = {0, 2};
  scan.dead_channels = 1;
  const ReferenceFile file = file_of(measurement_of({"", "", ""}));
  EXPECT_EQ(file.matching(scan).noise.noise, (std::vector<double>{1, 3}));
  scan.dead_channels = 0;
  EXPECT_TRUE(file.matching(scan).noise.noise.empty());
  EXPECT_EQ(file.matching(scan).refusal, "it has other coils: 3 coils without names, the scan 2 without");
}

TEST(ReferenceFile, refuses_other_coils_in_plain_words) {
  const ReferenceFile file = file_of(measurement_of({"A", "B"}));
  EXPECT_EQ(file.matching(scan_of({"C", "D", "E"})).refusal, "it has other coils: 2 coils of other names, the scan 3");
  const ReferenceMatch match = file.matching(scan_of({"", ""}));
  EXPECT_EQ(match.refusal, "it has other coils: 2 coils with names, the scan 2 without");
  EXPECT_TRUE(match.noise.noise.empty());
}

// White noise of twice the bandwidth has twice the power, the mean of four readouts a quarter.
TEST(ReferenceFile, scales_noise_to_the_bandwidth_and_the_averages_of_the_scan) {
  json measurement = measurement_of({"A"});
  measurement["noise_is_measured"] = false;
  measurement["noise_averages"] = 4;
  ComparedCoils scan = scan_of({"A"});
  scan.noise_is_measured = false;
  scan.conditions = {1.25, 1};
  const ReferenceMatch match = file_of(measurement).matching(scan);
  EXPECT_TRUE(match.noise.is_estimated);
  EXPECT_DOUBLE_EQ(match.noise.noise[0], std::sqrt(2.0 * 4));
  EXPECT_EQ(match.assumption, "");
}

TEST(ReferenceFile, says_what_it_takes_as_equal) {
  json measurement = measurement_of({"A"});
  measurement["noise_sample_time_us"] = nullptr;
  ReferenceMatch match = file_of(measurement).matching(scan_of({"A"}));
  EXPECT_EQ(match.noise.noise, std::vector<double>{1});
  EXPECT_EQ(match.assumption, "the bandwidth of scan and reference were taken as equal");
  measurement.erase("noise_averages");
  match = file_of(measurement).matching(scan_of({"A"}));
  EXPECT_EQ(match.assumption, "the bandwidth and number of averages of scan and reference were taken as equal");
}

TEST(ReferenceFile, compares_no_measured_noise_with_an_estimate) {
  json measurement = measurement_of({"A"});
  measurement["noise_is_measured"] = false;
  const ReferenceMatch match = file_of(measurement).matching(scan_of({"A"}));
  EXPECT_TRUE(match.noise.noise.empty());
  EXPECT_EQ(match.refusal, "the noise of the scan is measured, that of the reference estimated");
  measurement = measurement_of({"A"});
  measurement["coils"][0]["noise"] = nullptr;
  EXPECT_EQ(file_of(measurement).matching(scan_of({"A"})).refusal, "its noise or that of the scan is not known");
}

TEST(ReferenceFile, takes_the_measurement_with_the_coils_and_the_number_of_the_scan) {
  std::string text;
  for (const auto& [name, number, noise] : {std::tuple{"B", 1, 7}, {"A", 0, 5}, {"A", 1, 6}, {"A", 1, 8}}) {
    json measurement = measurement_of({name}, number);
    measurement["coils"][0]["noise"] = noise;
    text += measurement.dump() + "\n";
  }
  ComparedCoils scan = scan_of({"A"});
  const ReferenceFile file = file_with(text);
  EXPECT_EQ(file.matching(scan).noise.noise, std::vector<double>{5});
  scan.measurement = 1;
  EXPECT_EQ(file.matching(scan).noise.noise, std::vector<double>{6});
  scan.measurement = 2;
  EXPECT_EQ(file.matching(scan).noise.noise, std::vector<double>{5});
}

TEST(ReferenceFile, refuses_what_check_does_not_write) {
  EXPECT_THROW(ReferenceFile(testing_files::scratch_folder() / "none.json"), Error);
  EXPECT_THROW(file_with(""), Error);
  EXPECT_THROW(file_with("{\n"), Error);
  EXPECT_THROW(file_with("[]\n"), Error);
  EXPECT_THROW(file_of(measurement_of({})), Error);
  for (const char* const member : {"file", "measurement", "coils", "noise_is_measured", "dead_channels"}) {
    json measurement = measurement_of({"A"});
    measurement.erase(member);
    EXPECT_THROW(file_of(measurement), Error) << member;
  }
  json measurement = measurement_of({"A"});
  measurement["coils"][0]["noise"] = -1;
  EXPECT_THROW(file_of(measurement), Error);
  measurement["coils"][0]["noise"] = "much";
  EXPECT_THROW(file_of(measurement), Error);
}

}  // namespace
}  // namespace mriembed::check
