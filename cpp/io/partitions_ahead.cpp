#include "partitions_ahead.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace mriembed::io {

PartitionsAhead::PartitionsAhead(const Slab& slab, std::vector<Samples> memory)
    : slab_(slab),
      transform_(slab.depth),
      rows_(static_cast<std::size_t>(slab.height),
            Row{std::vector<bool>(static_cast<std::size_t>(slab.depth)), slab.measured.count(), false}),
      partitions_(std::move(memory)) {
  // What becomes of a y without any line: zeros have signs.
  std::vector<std::complex<float>> zeros(static_cast<std::size_t>(slab.depth));
  std::vector<std::complex<float>*> to;
  std::ranges::transform(zeros, std::back_inserter(to), [](std::complex<float>& zero) { return &zero; });
  transform_.apply(std::vector<const std::complex<float>*>(zeros.size()), to, 1);
  partitions_.resize(static_cast<std::size_t>(slab.kept.count()));
  for (std::size_t partition = 0; partition < partitions_.size(); ++partition) {
    partitions_[partition].assign(static_cast<std::size_t>(slab.coils * slab.height * slab.width),
                                  zeros[static_cast<std::size_t>(slab.kept.begin) + partition]);
  }
}

PartitionsAhead::Added PartitionsAhead::add(std::int64_t line, const Samples& volume) {
  const std::int64_t y = line % slab_.height;
  const std::int64_t z = line / slab_.height;
  Row& row = rows_[static_cast<std::size_t>(y)];
  if (row.made) {
    return Added::too_late;
  }
  row.there[static_cast<std::size_t>(z)] = true;
  const bool expected = z >= slab_.measured.begin && z < slab_.measured.end;
  if (!expected || --row.missing > 0) {
    return Added::nothing;
  }
  make(y, volume);
  return Added::row;
}

std::vector<std::int64_t> PartitionsAhead::finish(const Samples& volume) {
  std::vector<std::int64_t> made;
  for (std::int64_t y = 0; y < slab_.height; ++y) {
    const Row& row = rows_[static_cast<std::size_t>(y)];
    if (!row.made && std::ranges::find(row.there, true) != row.there.end()) {
      make(y, volume);
      made.push_back(y);
    }
  }
  return made;
}

void PartitionsAhead::make(std::int64_t y, const Samples& volume) {
  Row& row = rows_[static_cast<std::size_t>(y)];
  row.made = true;
  const auto depth = static_cast<std::size_t>(slab_.depth);
  std::vector<const std::complex<float>*> kspace(depth);
  std::vector<std::complex<float>*> partitions(depth);
  for (std::int64_t coil = 0; coil < slab_.coils; ++coil) {
    for (std::int64_t z = 0; z < slab_.depth; ++z) {
      const bool there = row.there[static_cast<std::size_t>(z)];
      kspace[static_cast<std::size_t>(z)] =
          there ? volume.data() + ((coil * slab_.depth + z) * slab_.height + y) * slab_.width : nullptr;
    }
    for (std::int64_t kept = 0; kept < count(); ++kept) {
      partitions[static_cast<std::size_t>(slab_.kept.begin + kept)] =
          partitions_[static_cast<std::size_t>(kept)].data() + (coil * slab_.height + y) * slab_.width;
    }
    transform_.apply(kspace, partitions, slab_.width);
  }
}

}  // namespace mriembed::io
