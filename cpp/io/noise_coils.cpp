#include "noise_coils.hpp"

#include <algorithm>
#include <cstddef>
#include <map>

namespace mriembed::io {

namespace {

const std::string& name_of(const std::vector<std::string>& names, std::int64_t channel) {
  static const std::string not_known;
  const auto place = static_cast<std::size_t>(channel);
  return place < names.size() ? names[place] : not_known;
}

bool contradicts(const std::string& name, const std::string& other) {
  return !name.empty() && !other.empty() && name != other;
}

}  // namespace

std::optional<std::vector<std::int64_t>> coils_in_noise(const std::vector<std::string>& names,
                                                        const MeasuredNoise& noise) {
  std::vector<std::int64_t> same_numbers;
  std::map<std::string, std::int64_t> named;
  bool contradiction = false;
  for (std::int64_t coil = 0; coil < noise.coils; ++coil) {
    same_numbers.push_back(coil);
    named.emplace(name_of(noise.coil_names, coil), coil);
    contradiction = contradiction || contradicts(name_of(names, coil), name_of(noise.coil_names, coil));
  }
  if (!contradiction) {
    return same_numbers;
  }
  std::vector<std::int64_t> order;
  for (std::int64_t coil = 0; coil < noise.coils; ++coil) {
    const std::string& name = name_of(names, coil);
    const auto found = named.find(name);
    if (name.empty() || found == named.end()) {
      return std::nullopt;
    }
    order.push_back(found->second);
    named.erase(found);  // a name that several coils share tells none of them
  }
  return order;
}

std::string difference_of_coils(const std::vector<std::string>& names, const MeasuredNoise& noise) {
  std::int64_t coil = 0;
  while (!contradicts(name_of(names, coil), name_of(noise.coil_names, coil))) {
    ++coil;
  }
  return "coil " + std::to_string(coil) + " is \"" + name_of(names, coil) + "\" here and \"" +
         name_of(noise.coil_names, coil) + "\" there";
}

NoiseCovariance reordered(const NoiseCovariance& noise, const std::vector<std::int64_t>& order) {
  NoiseCovariance result = noise;
  auto value = result.values.begin();
  for (const std::int64_t row : order) {
    for (const std::int64_t column : order) {
      *value++ = noise.values[static_cast<std::size_t>(row * noise.coils + column)];
    }
  }
  return result;
}

}  // namespace mriembed::io
