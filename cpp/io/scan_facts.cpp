#include "scan_facts.hpp"

namespace mriembed::io {

ScanFacts facts_of(const ScanReader& scan) {
  ScanFacts facts{scan.summary(), {}, {}};
  for (int measurement = 0; measurement < facts.summary.measurements; ++measurement) {
    facts.noise.push_back(scan.noise_of(measurement));
    facts.headers.push_back(scan.header_of(measurement));
  }
  return facts;
}

}  // namespace mriembed::io
