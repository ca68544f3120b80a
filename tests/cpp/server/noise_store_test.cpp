#include "server/noise_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "mriembed/error.hpp"
#include "scratch_folder.hpp"

namespace mriembed::server {
namespace {

io::MeasuredNoise noise_of(const std::string& id, double power = 1) {
  io::MeasuredNoise noise;
  noise.name = id;
  noise.measurement_id = id;
  noise.coils = 2;
  noise.samples = 100;
  noise.dwell_time_us = 2.5;
  noise.coil_names = {"Head \"1\"", ""};
  noise.covariance = io::NoiseCovariance{2, {{power, 0}, {0.1, 0.3}, {0.1, -0.3}, {1.0 / 3, 0}}, {}};
  return noise;
}

TEST(NoiseStore, gives_the_measurements_that_are_named) {
  std::vector<std::string> warnings;
  NoiseStore store("", warnings);
  store.keep(noise_of("a", 4));
  store.keep(noise_of("b"));
  store.keep(noise_of("a", 9));  // again
  const auto found = store.of({"x", "a"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].covariance->values[0].real(), 9);
  EXPECT_TRUE(store.of({}).empty());
  store.keep(noise_of("40_12"));
  store.keep(noise_of("40_1"));
  EXPECT_EQ(store.named_in("GadgetronNoiseCovarianceMatrix_40_12")->measurement_id, "40_12");
  EXPECT_FALSE(store.named_in("41").has_value());
}

TEST(NoiseStore, keeps_neither_a_measurement_without_an_id_nor_one_without_a_covariance) {
  std::vector<std::string> warnings;
  NoiseStore store("", warnings);
  store.keep(noise_of(""));
  io::MeasuredNoise few = noise_of("few");
  few.covariance.reset();
  store.keep(few);
  EXPECT_TRUE(store.of({"", "few"}).empty());
}

TEST(NoiseStore, forgets_the_oldest) {
  std::vector<std::string> warnings;
  NoiseStore store("", warnings);
  for (std::size_t number = 0; number <= NoiseStore::most; ++number) {
    store.keep(noise_of("n" + std::to_string(number)));
  }
  EXPECT_TRUE(store.of({"n0"}).empty());
  EXPECT_EQ(store.of({"n1"}).size(), 1U);
}

TEST(NoiseStore, survives_in_its_folder_bit_for_bit) {
  const std::filesystem::path folder = testing_files::scratch_folder() / "noise_store";
  std::vector<std::string> warnings;
  const std::string id = "../45_67 \"\xc3\xa9\"";  // any text
  {
    NoiseStore store(folder.string(), warnings);
    store.keep(noise_of(id, 2.0 / 7));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.parent_path() / "45_67 \"\xc3\xa9\".json"));
  std::ofstream(folder / "other.json") << "{";
  const NoiseStore store(folder.string(), warnings);
  const auto found = store.of({id});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].covariance->values, noise_of(id, 2.0 / 7).covariance->values);
  EXPECT_EQ(found[0].dwell_time_us, 2.5);
  EXPECT_EQ(found[0].coil_names, noise_of(id).coil_names);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("other.json: no noise measurement"), std::string::npos);
}

TEST(NoiseStore, tells_long_ids_apart_that_begin_alike) {
  const std::filesystem::path folder = testing_files::scratch_folder() / "long_ids";
  const std::string beginning(300, 'x');
  std::vector<std::string> warnings;
  {
    NoiseStore store(folder.string(), warnings);
    store.keep(noise_of(beginning + "1", 4));
    store.keep(noise_of(beginning + "2", 9));
  }
  const NoiseStore store(folder.string(), warnings);
  for (const auto& [end, power] : {std::pair("1", 4.0), std::pair("2", 9.0)}) {
    const auto found = store.of({beginning + end});
    ASSERT_EQ(found.size(), 1U) << end;
    EXPECT_EQ(found[0].covariance->values[0].real(), power);
  }
  EXPECT_TRUE(warnings.empty());
}

TEST(NoiseStore, refuses_a_folder_that_cannot_be) {
  std::vector<std::string> warnings;
  EXPECT_THROW(NoiseStore("/dev/null/store", warnings), Error);
}

}  // namespace
}  // namespace mriembed::server
