/// @file
/// What a distance between two embeddings is typical of. C++17, no torch.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "mriembed/export.h"

namespace mriembed {

/// Cosine distances of one kind of pair of slices.
struct KindOfPair {
  std::string name;                 ///< for instance "same slice, another session"
  std::array<double, 9> deciles{};  ///< 10 %, 20 % ... 90 % of such pairs have a smaller distance
  double below_threshold = 0;       ///< share of such pairs
};

/// Distances that `mriembed evaluate` measured with the model on simulated volumes. The kinds are sorted from the one
/// that should have the smallest distances to the one that should have the largest. Distances of two models cannot be
/// compared.
struct Distances {
  std::vector<KindOfPair> kinds;  ///< empty: not measured
  double threshold = 0;           ///< best separates the same slice in another session from slices 20 mm away and more
  std::string source;             ///< how it was measured, for people
};

/// The first kind of which at least 90 % of the pairs have this distance or a smaller one, with that limit: "same
/// slice, another session (90 % lie below 0.06)". Empty if nothing was measured. Thread-safe.
MRIEMBED_EXPORT std::string typical_of(const Distances& distances, double distance);

}  // namespace mriembed
