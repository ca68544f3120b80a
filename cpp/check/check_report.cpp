#include "check/check_report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "check/finding_text.hpp"
#include "text/number_text.hpp"
#include "text/text_table.hpp"

namespace mriembed::check {

namespace {

std::string coils_text(const Checked& checked, const std::vector<std::int64_t>& coils) {
  std::string text;
  for (const std::int64_t coil : coils) {
    text += (text.empty() ? "" : ", ") + coil_text(checked, coil);
  }
  return text;
}

}  // namespace

std::string not_judged(const Checked& checked) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : "; ") + what; };
  const auto is_known = [](const CoilQuality& coil) { return coil.noise > 0; };
  const bool known = std::ranges::any_of(checked.figures.coils, is_known);
  const auto has_correlation = [](const CoilQuality& coil) { return coil.correlated_with >= 0; };
  if (!checked.noise_is_measured && std::ranges::none_of(checked.figures.coils, has_correlation)) {
    add("noise correlation (no noise measurement)");
  }
  if (!known) {
    add("noise and gain (no part of k-space is empty)");
  } else if (!checked.noise_is_measured) {
    std::vector<std::int64_t> unknown;
    for (std::size_t coil = 0; coil < checked.figures.coils.size(); ++coil) {
      if (!is_known(checked.figures.coils[coil]) && !checked.figures.coils[coil].is_zero) {
        unknown.push_back(static_cast<std::int64_t>(coil));
      }
    }
    if (!unknown.empty()) {
      add("noise and gain of some coils (no part of their k-space is empty): " + coils_text(checked, unknown));
    }
  }
  if (checked.figures.interference.level == 0) {
    add("interference (too few lines far from the centre of k-space)");
  }
  const std::vector<SliceQuality>& slices = checked.figures.slices;
  const auto add_slices = [&](const std::string& what, bool SliceQuality::* judged, const std::string& reason) {
    if (const auto left = std::ranges::count(slices, false, judged); left > 0) {
      const bool all = left == static_cast<std::ptrdiff_t>(slices.size());
      const std::string part = " in " + std::to_string(left) + " of " + std::to_string(slices.size()) + " slices";
      add(what + (all ? "" : part) + " (" + reason + ")");
    }
  };
  if (checked.figures.coils.size() < 4) {
    add_slices("ghosts", &SliceQuality::ghost_is_judged,
               "less than 24 lines side by side, too little of the field of view empty along y, or noise alone");
    add_slices("motion", &SliceQuality::lines_are_judged, "less than 4 coils");
  } else {
    add_slices("ghosts and motion", &SliceQuality::lines_are_judged, "less than 24 lines side by side, or noise alone");
    const auto wraps = [](const SliceQuality& slice) { return slice.lines_are_judged && !slice.ghost_is_judged; };
    if (const auto left = std::ranges::count_if(slices, wraps); left > 0) {
      add("ghosts in " + std::to_string(left) + " of " + std::to_string(slices.size()) +
          " slices (lines do not follow closely from their neighbours: there is much noise, or the object wraps "
          "around, "
          "fills the field of view or moved)");
    }
  }
  if (const std::vector<std::int64_t> weak = weak_coils(checked.figures, checked.limits, checked.coil_limits);
      !weak.empty()) {
    add("whether these are broken or far from the object, with an SNR below " + short_number(checked.limits.low_snr) +
        " x the array's median: " + coils_text(checked, weak));
  }
  const auto is_filled = [](const io::SliceLabel& label) { return label.slab_sampling.starts_with("grappa"); };
  if (std::ranges::any_of(checked.labels, is_filled)) {
    add("what was measured alone: lines of the accelerated scan are filled in, and count");
  }
  if (checked.figures.coils.size() < 3) {
    add("coils against the array (less than 3)");
  }
  if (const std::string left = not_compared(checked); !left.empty()) {
    add(left);
  }
  return text;
}

std::string not_compared(const Checked& checked) {
  std::string text;
  if (checked.reference.has_value()) {
    for (const std::string& reason : {checked.reference->refusal, checked.reference->assumption}) {
      if (!reason.empty()) {
        text += (text.empty() ? "" : "; ") + ("noise against the reference (" + reason + ")");
      }
    }
  }
  return text;
}

std::vector<std::string> lines_of(const Checked& checked) {
  std::vector<std::string> lines;
  lines.reserve(checked.dead_channels.size() + checked.findings.size());
  for (const std::int64_t channel : checked.dead_channels) {
    lines.push_back(dead_text(checked, channel));
  }
  for (const Finding& finding : checked.findings) {
    lines.push_back(text_of(checked, finding));
  }
  return lines;
}

std::string table_of(const Checked& checked) {
  text::TextTable table({{"coil", text::TextTable::Align::left},
                         {"noise"},
                         {"signal"},
                         {"share"},
                         {"SNR"},
                         {"correlation", text::TextTable::Align::left},
                         {"clipped"}});
  for (std::size_t coil = 0; coil < checked.figures.coils.size(); ++coil) {
    const CoilQuality& figures = checked.figures.coils[coil];
    const std::string with = figures.correlated_with < 0 ? ""
                                                         : " (" + coil_text(checked, figures.correlated_with) + ")" +
                                                               (figures.noise_is_estimated ? " estimated" : "");
    table.add_row({coil_text(checked, static_cast<std::int64_t>(coil)),
                   (figures.noise > 0 ? text::scientific(figures.noise, 3) : "unknown") +
                       (figures.noise_is_estimated ? " estimated" : ""),
                   text::scientific(figures.signal, 3), text::fixed(100 * figures.signal_share, 1) + " %",
                   figures.noise > 0 ? text::fixed(figures.snr, 1) : "unknown",
                   figures.correlated_with < 0 ? "unknown" : text::fixed(figures.correlation, 2) + with,
                   std::to_string(figures.clipped)});
  }
  for (const std::int64_t channel : checked.dead_channels) {
    table.add_row({channel_text(checked, channel), "dead", "", "", "", "", ""});
  }
  return table.text();
}

}  // namespace mriembed::check
