#include "server/noise_store.hpp"

#include <algorithm>
#include <array>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "cli/atomic_file.hpp"
#include "mriembed/error.hpp"

namespace mriembed::server {

namespace {

using Json = nlohmann::json;

Json json_of(const io::MeasuredNoise& noise) {
  Json values = Json::array();
  for (const std::complex<double>& value : noise.covariance->values) {
    values.push_back({value.real(), value.imag()});
  }
  return {
      {"measurement_id", noise.measurement_id}, {"coils", noise.coils},           {"samples", noise.samples},
      {"dwell_time_us", noise.dwell_time_us},   {"coil_names", noise.coil_names}, {"covariance", std::move(values)}};
}

io::MeasuredNoise noise_of(const Json& json) {
  io::MeasuredNoise noise;
  noise.measurement_id = json.at("measurement_id").get<std::string>();
  noise.name = noise.measurement_id;
  noise.coils = json.at("coils").get<std::int64_t>();
  noise.samples = json.at("samples").get<std::int64_t>();
  noise.dwell_time_us = json.at("dwell_time_us").get<double>();
  noise.coil_names = json.at("coil_names").get<std::vector<std::string>>();
  io::NoiseCovariance covariance;
  covariance.coils = noise.coils;
  for (const Json& value : json.at("covariance")) {
    const auto [real, imaginary] = value.get<std::array<double, 2>>();
    covariance.values.emplace_back(real, imaginary);
  }
  constexpr std::int64_t most_coils = 1024;
  if (noise.coils < 1 || noise.coils > most_coils ||
      static_cast<std::int64_t>(covariance.values.size()) != noise.coils * noise.coils) {
    throw Error(ErrorCode::bad_input, "its covariance does not fit its number of coils");
  }
  noise.covariance = std::move(covariance);
  return noise;
}

// FNV-1a: the same in every run and build.
std::uint64_t digest_of(const std::string& text) {
  std::uint64_t digest = 0xcbf29ce484222325;
  for (const char letter : text) {
    digest = (digest ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  }
  return digest;
}

}  // namespace

NoiseStore::NoiseStore(std::string folder, std::vector<std::string>& warnings) : folder_(std::move(folder)) {
  if (folder_.empty()) {
    return;
  }
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  if (failure || !std::filesystem::is_directory(folder_)) {
    throw Error(ErrorCode::invalid_argument, folder_ + ": no folder for noise measurements can be made here" +
                                                 (failure ? ": " + failure.message() : std::string()));
  }
  std::vector<std::filesystem::directory_entry> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() == ".json") {
      files.push_back(entry);
    }
  }
  std::ranges::sort(files, {}, [](const auto& entry) { return entry.last_write_time(); });
  for (const auto& entry : files) {
    try {
      std::ifstream file(entry.path());
      remember(noise_of(Json::parse(file)));
    } catch (const std::exception& error) {
      warnings.push_back(entry.path().string() + ": no noise measurement: " + error.what());
    }
  }
}

void NoiseStore::keep(const io::MeasuredNoise& noise) {
  if (noise.measurement_id.empty() || !noise.covariance.has_value()) {
    return;
  }
  const std::scoped_lock lock(mutex_);
  remember(noise);
  if (!folder_.empty()) {
    cli::AtomicFile file(file_of(noise.measurement_id));
    file.append(json_of(noise).dump());
    file.finish();
    file.publish();
  }
}

void NoiseStore::remember(io::MeasuredNoise noise) {
  std::erase_if(noise_, [&](const io::MeasuredNoise& other) { return other.measurement_id == noise.measurement_id; });
  noise_.push_back(std::move(noise));
  if (noise_.size() > most) {
    if (!folder_.empty()) {
      std::error_code ignored;  // it is read again at the next start, and forgotten again
      std::filesystem::remove(file_of(noise_.front().measurement_id), ignored);
    }
    noise_.pop_front();
  }
}

std::vector<io::MeasuredNoise> NoiseStore::of(const std::vector<std::string>& measurement_ids) const {
  const std::scoped_lock lock(mutex_);
  std::vector<io::MeasuredNoise> found;
  std::ranges::copy_if(noise_, std::back_inserter(found), [&](const io::MeasuredNoise& noise) {
    return std::ranges::find(measurement_ids, noise.measurement_id) != measurement_ids.end();
  });
  return found;
}

std::optional<io::MeasuredNoise> NoiseStore::named_in(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const io::MeasuredNoise* found = nullptr;
  for (const io::MeasuredNoise& noise : noise_) {
    const bool longer = found == nullptr || noise.measurement_id.size() > found->measurement_id.size();
    if (longer && name.find(noise.measurement_id) != std::string::npos) {
      found = &noise;
    }
  }
  return found == nullptr ? std::nullopt : std::optional(*found);
}

// A measurement ID is any text: what is no letter or digit is written as its number. Of a long one, which file systems
// would refuse, the beginning stands there, and a digest of all of it.
std::string NoiseStore::file_of(const std::string& measurement_id) const {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t longest = 80;
  std::string name;
  for (const char letter : measurement_id) {
    const auto code = static_cast<unsigned char>(letter);
    const bool plain = (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= 'a' && letter <= 'z') || letter == '_' || letter == '-';
    name += plain ? std::string(1, letter) : std::string{'%', digits[code >> 4U], digits[code & 15U]};
  }
  if (name.size() > longest) {
    const std::uint64_t digest = digest_of(measurement_id);
    name.resize(longest);
    name += '-';
    for (int shift = 60; shift >= 0; shift -= 4) {
      name += digits[(digest >> static_cast<unsigned>(shift)) & 15U];
    }
  }
  return (std::filesystem::path(folder_) / (name + ".json")).string();
}

}  // namespace mriembed::server
