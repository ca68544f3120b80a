// What `check` says of a measurement, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "check/checked_scan.hpp"

namespace mriembed::check {

// The figures of each coil.
nlohmann::ordered_json coils_json(const Checked& checked);

// The figures of one slice.
nlohmann::ordered_json json_of(const SliceQuality& figures);

// All figures, findings and limits.
nlohmann::ordered_json json_of(const std::string& file, const Checked& checked);

}  // namespace mriembed::check
