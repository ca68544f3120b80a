// Samples that are zero: of an array without a header, all that tells of lines that were not acquired.
#pragma once

#include <complex>
#include <span>

#include "scan_reader.hpp"

namespace mriembed::io {

// `samples`: those of a slice that stand for the scan. A thousandth of them may be zero by chance.
void tell_of_zeros(std::span<const std::complex<float>> samples, ScanSummary& summary);

}  // namespace mriembed::io
