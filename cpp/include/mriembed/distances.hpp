// What a distance between two embeddings is typical of. C++17, no torch.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "mriembed/export.h"

namespace mriembed {

// Cosine distances of one kind of pair of slices.
struct KindOfPair {
  std::string name;                 // "same slice, another session"
  std::array<double, 9> deciles{};  // below which 10 %, 20 % ... 90 % of such pairs lie
  double below_threshold = 0;       // share of such pairs
};

// As `mriembed evaluate` measured it with the model on simulated volumes, from the kind that should be nearest to the
// one that should be farthest. Distances of two models cannot be compared.
struct Distances {
  std::vector<KindOfPair> kinds;  // none: it was not measured
  double threshold = 0;  // that best tells the same slice in another session from others of the body (20 mm on)
  std::string source;    // how it was measured, for people
};

// The first kind of which at least 90 % of the pairs are as near, in words with that limit: "same slice, another
// session (90 % lie below 0.06)". Empty where nothing was measured. Thread-safe.
MRIEMBED_EXPORT std::string typical_of(const Distances& distances, double distance);

}  // namespace mriembed
