#include "byte_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "mriembed/error.hpp"

namespace mriembed::io {
namespace {

// Gives three bytes at a time, as a connection may.
class InPieces final : public ByteSource {
 public:
  explicit InPieces(std::string bytes) : bytes_(std::move(bytes)) {}

  std::size_t read_some(void* to, std::size_t most) override {
    const auto begin = static_cast<std::size_t>(place_);
    const std::size_t count = std::min({most, std::size_t{3}, bytes_.size() - begin});
    if (count == 0) {
      throw CutShort();
    }
    std::memcpy(to, bytes_.data() + begin, count);
    place_ += static_cast<std::int64_t>(count);
    return count;
  }

 private:
  std::string bytes_;
};

TEST(ByteSource, puts_pieces_together) {
  InPieces source(std::string("\x01\x02\x03\x04xxxxxabcdefgh", 17));
  EXPECT_EQ(source.number<std::uint32_t>(), 0x04030201U);
  source.skip(5);
  EXPECT_EQ(source.text(8), "abcdefgh");
  EXPECT_EQ(source.place(), 17);
  EXPECT_THROW(source.skip(1), ByteSource::CutShort);
}

TEST(ByteSource, takes_no_memory_for_a_text_that_is_not_there) {
  InPieces source("abc");
  EXPECT_THROW(source.text(std::uint64_t{60} << 20U), ByteSource::CutShort);
  InPieces beyond_any("abc");
  EXPECT_THROW(beyond_any.text(std::uint64_t{1} << 40U), Error);
}

}  // namespace
}  // namespace mriembed::io
