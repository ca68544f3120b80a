// One scan after the other: what is wrong with one does not keep the others from their turn.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace mriembed::cli {

// Calls `work` with each name, and with the path where its bytes are (standard input has one of its own). Where a scan
// is at fault, its error is printed with the name. Whether all were good. Other errors end the work.
bool for_each_scan(const std::vector<std::string>& scans,
                   const std::function<void(const std::string& name, const std::string& path)>& work);

}  // namespace mriembed::cli
