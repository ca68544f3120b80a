#include "check/limits_file.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "mriembed/error.hpp"

namespace mriembed::check {

namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(path, Error(ErrorCode::invalid_argument, what));
}

std::string known_names() {
  std::string names;
  for (const NamedLimit& limit : named_limits()) {
    names += (names.empty() ? "" : ", ") + std::string(limit.first);
  }
  return names;
}

double QualityLimits::* limit_named(const std::string& path, const std::string& name) {
  const auto& all = named_limits();
  const auto found =
      std::ranges::find(all, name, [](const NamedLimit& limit) { return std::string_view(limit.first); });
  if (found == all.end()) {
    refuse(path, "\"" + name + "\" is not a limit; known are " + known_names());
  }
  return found->second;
}

double value_of(const std::string& path, const std::string& name, const Json& value) {
  const double number = value.is_number() ? value.get<double>() : 0;
  if (!(number > 0) || !std::isfinite(number)) {
    refuse(path, "\"" + name + "\" is " + value.dump() + "; it must be a number above 0");
  }
  return number;
}

}  // namespace

const std::vector<NamedLimit>& named_limits() {
  static const std::vector<NamedLimit> all{{"high_noise", &QualityLimits::high_noise},
                                           {"low_noise", &QualityLimits::low_noise},
                                           {"low_snr", &QualityLimits::low_snr},
                                           {"correlation", &QualityLimits::correlation},
                                           {"clipped", &QualityLimits::clipped},
                                           {"interference", &QualityLimits::interference},
                                           {"spike", &QualityLimits::spike},
                                           {"ghost_phase", &QualityLimits::ghost_phase},
                                           {"motion_level", &QualityLimits::motion_level},
                                           {"zero_readouts", &QualityLimits::zero_readouts},
                                           {"residual_spike", &QualityLimits::residual_spike},
                                           {"noise_increase", &QualityLimits::noise_increase},
                                           {"noise_decrease", &QualityLimits::noise_decrease},
                                           {"array_noise_increase", &QualityLimits::array_noise_increase},
                                           {"array_noise_decrease", &QualityLimits::array_noise_decrease},
                                           {"no_signal", &QualityLimits::no_signal},
                                           {"signal_change", &QualityLimits::signal_change},
                                           {"coil_change", &QualityLimits::coil_change},
                                           {"scan_noise", &QualityLimits::scan_noise},
                                           {"lost_lines", &QualityLimits::lost_lines},
                                           {"echo", &QualityLimits::echo}};
  return all;
}

LimitsFile::LimitsFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    refuse(path, "cannot be read; a JSON file of limits is expected");
  }
  const Json root = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    refuse(path, "is no JSON object; limits by name are expected, such as {\"spike\": 60}");
  }
  for (const auto& [name, value] : root.items()) {
    if (name != "coils") {
      array_.*limit_named(path, name) = value_of(path, name, value);
      continue;
    }
    if (!value.is_array()) {
      refuse(path, "\"coils\" must be a list of objects, each with \"name\" and limits");
    }
    for (const Json& entry : value) {
      if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) {
        refuse(path, "an entry of \"coils\" has no \"name\"; a pattern of coil names is expected, such as \"Body_*\"");
      }
      OfCoils& coils = coils_.emplace_back();
      coils.pattern = entry["name"].get<std::string>();
      for (const auto& [limit, number] : entry.items()) {
        if (limit != "name") {
          coils.limits.emplace_back(limit_named(path, limit), value_of(path, limit, number));
        }
      }
    }
  }
}

QualityLimits LimitsFile::of_coil(const std::string& name, std::int64_t channel) const {
  const std::string text = name.empty() ? std::to_string(channel) : name;
  QualityLimits limits = array_;
  for (const OfCoils& coils : coils_) {
    if (fnmatch(coils.pattern.c_str(), text.c_str(), 0) == 0) {
      for (const auto& [limit, value] : coils.limits) {
        limits.*limit = value;
      }
    }
  }
  return limits;
}

}  // namespace mriembed::check
