// Findings of `check` in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "check/checked_scan.hpp"

namespace mriembed::check {

std::string text_of(const Checked& checked, const Finding& finding);

// Of a channel without noise in the noise measurement.
std::string dead_text(const Checked& checked, std::int64_t channel);

// A channel of the scanner, or a coil of the figures: its number there and its name.
std::string channel_text(const Checked& checked, std::int64_t channel);
std::string coil_text(const Checked& checked, std::int64_t coil);

// To about three digits.
std::string short_number(double number);

// Of the interference, from the middle of the readout's band in kHz; none where no time of a sample is known.
std::optional<double> offset_khz(const Checked& checked);

}  // namespace mriembed::check
