#include "mriembed/distances.hpp"

#include <array>
#include <cstdio>

namespace mriembed {

namespace {

std::string with_limit(const KindOfPair& kind, const char* words) {
  std::array<char, 32> limit{};
  std::snprintf(limit.data(), limit.size(), "%.2g", kind.deciles.back());
  return kind.name + " (" + words + limit.data() + ")";
}

}  // namespace

std::string typical_of(const Distances& distances, double distance) {
  for (const KindOfPair& kind : distances.kinds) {
    if (distance <= kind.deciles.back()) {
      return with_limit(kind, "90 % lie below ");
    }
  }
  return distances.kinds.empty() ? "" : with_limit(distances.kinds.back(), "10 % lie above ");
}

}  // namespace mriembed
