// What the commands do with a scan, as far as its reader goes, and what must then hold.
#pragma once

#include <functional>
#include <memory>

#include "scan_reader.hpp"

namespace mriembed::fuzzing {

// Opens a scan as it is and as each option asks for, and reads its slices. Refusals are fine; everything else that a
// reader throws, and a slice that contradicts itself or the scan's summary, aborts.
using OpenScan = std::function<std::unique_ptr<io::ScanReader>(const io::ReadOptions& options)>;
void read_whole_scan(const OpenScan& open);

}  // namespace mriembed::fuzzing
