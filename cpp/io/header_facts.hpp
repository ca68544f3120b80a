// What an MRD header says of scanner and sequence. None of it places samples, and none of it names the patient.
#pragma once

#include <string>
#include <vector>

namespace pugi {
class xml_node;  // NOLINT(readability-identifier-naming): not our name
}

namespace mriembed::io {

// Texts are empty and numbers 0 where the header does not say it.
struct HeaderFacts {
  std::string vendor;
  std::string model;
  std::string station;
  double field_strength_t = 0;
  std::string protocol;
  std::string sequence;
  std::string series_time;
  std::vector<double> tr_ms;
  std::vector<double> te_ms;
  std::vector<double> ti_ms;
  std::vector<double> flip_angle_deg;
  std::vector<double> fov_mm;           // of the first reconstructed space, along x, y, z
  std::vector<std::string> coil_names;  // of channels 0, 1, ...; as long as the header tells, or empty

  bool operator==(const HeaderFacts&) const = default;
};

// The most numbers and names of a list that are kept, and the longest text.
inline constexpr std::size_t most_header_values = 1024;
inline constexpr std::size_t longest_header_text = 100;

// `root` is <ismrmrdHeader>.
HeaderFacts header_facts_of(const pugi::xml_node& root);

}  // namespace mriembed::io
