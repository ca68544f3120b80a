#include "acquired_lines.hpp"

namespace mriembed::io {

void AcquiredLines::add(std::int64_t line, const Acquisition& acquisition) {
  const auto at = static_cast<std::size_t>(line);
  Counters& first = first_[at];
  if (!acquired_[at]) {
    acquired_[at] = true;
    ++count_;
    first = {acquisition.average, acquisition.segment, acquisition.user};
    return;
  }
  if (acquisition.average != first.average) {
    return;
  }
  mixed_.segment = mixed_.segment || acquisition.segment != first.segment;
  mixed_.user = mixed_.user || acquisition.user != first.user;
  mixed_.none = mixed_.none || (acquisition.segment == first.segment && acquisition.user == first.user);
}

}  // namespace mriembed::io
