// What `check` says of a measurement, for people.
#pragma once

#include <string>
#include <vector>

#include "check/checked_scan.hpp"

namespace mriembed::check {

// A line for each finding, the worst first; coils by number and name.
std::vector<std::string> lines_of(const Checked& checked);

// What no figure tells of this scan; empty: nothing.
std::string not_judged(const Checked& checked);

// What was not compared with the reference, or on what assumption; empty: nothing of either. A part of not_judged.
std::string not_compared(const Checked& checked);

// The figures of each coil.
std::string table_of(const Checked& checked);

}  // namespace mriembed::check
