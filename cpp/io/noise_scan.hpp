// A noise measurement in a file of its own, or in that of another scan.
#pragma once

#include <memory>

#include "noise_measurement.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// As a scan that has no slices. Refuses one of too few samples for a covariance.
std::unique_ptr<ScanReader> noise_scan(MeasuredNoise noise);

// What such a scan holds; `name` is that of its file, for the user.
MeasuredNoise noise_in(const ScanReader& noise_scan, const std::string& name);

// k-space with `noise` in the place of its own noise measurement. Coils that are dead in it are left out, with a
// warning. Refuses images, and a scan of another number of coils or of coils of other names; noise of the same coils in
// another order is put into that of the scan.
std::unique_ptr<ScanReader> with_noise(std::unique_ptr<ScanReader> scan, const MeasuredNoise& noise);

}  // namespace mriembed::io
