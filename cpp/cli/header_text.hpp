// What a scan's header says of scanner and sequence, for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "io/header_facts.hpp"

namespace mriembed::cli {

// Names and texts for a listing; only those of which the header says something.
std::vector<std::pair<std::string, std::string>> header_lines(const io::HeaderFacts& header);

// An object of HeaderFacts' members; only those of which the header says something.
nlohmann::ordered_json header_json(const io::HeaderFacts& header);

}  // namespace mriembed::cli
