#include "process/shared_slots.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <complex>
#include <new>
#include <string>

#include "mriembed/error.hpp"

namespace mriembed::io {
namespace {

using Sample = std::complex<float>;

SharedSlots lent_by(const SharedSlots& slots) { return SharedSlots::lent(Descriptor(dup(slots.descriptor()))); }

bool all_are(const SharedSlots& slots, std::size_t portion, Sample value) {
  return std::ranges::all_of(slots.slot_of(portion), [&](Sample sample) { return sample == value; });
}

// A limit of this process for as long as it lives.
class LowerLimit {
 public:
  LowerLimit(__rlimit_resource_t resource, rlim_t most) : resource_(resource) {
    getrlimit(resource, &before_);
    const rlimit lower{most, before_.rlim_max};
    setrlimit(resource, &lower);
  }
  ~LowerLimit() { setrlimit(resource_, &before_); }
  LowerLimit(const LowerLimit&) = delete;
  LowerLimit& operator=(const LowerLimit&) = delete;

 private:
  __rlimit_resource_t resource_;
  rlimit before_{};
};

TEST(SharedSlots, hand_over_one_portion_beside_another) {
  const SharedSlots receiver = SharedSlots::make();
  const SharedSlots sender = lent_by(receiver);
  std::ranges::fill(sender.slot_of(0), Sample(1, 2));
  std::ranges::fill(sender.slot_of(1), Sample(3, 4));
  EXPECT_TRUE(all_are(receiver, 0, {1, 2}));
  EXPECT_TRUE(all_are(receiver, 1, {3, 4}));
  std::ranges::fill(sender.slot_of(2), Sample(5, 6));
  EXPECT_TRUE(all_are(receiver, 2, {5, 6}));
  EXPECT_TRUE(all_are(receiver, 3, {3, 4}));
}

TEST(SharedSlots, can_neither_be_cut_off_nor_grow) {
  const SharedSlots receiver = SharedSlots::make();
  const SharedSlots sender = lent_by(receiver);
  std::ranges::fill(sender.slot_of(1), Sample(1));
  constexpr off_t size = SharedSlots::slots * SharedSlots::portion * sizeof(Sample);
  EXPECT_NE(ftruncate(sender.descriptor(), 0), 0);
  EXPECT_EQ(errno, EPERM);
  EXPECT_NE(ftruncate(sender.descriptor(), 2 * size), 0);
  EXPECT_NE(fallocate(sender.descriptor(), 0, size, 4096), 0);
  EXPECT_NE(fcntl(sender.descriptor(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  const std::string path = "/proc/self/fd/" + std::to_string(sender.descriptor());
  EXPECT_EQ(open(path.c_str(), O_RDWR | O_TRUNC | O_CLOEXEC), -1);
  EXPECT_TRUE(all_are(receiver, 1, 1));
}

TEST(SharedSlots, hold_zeros_where_the_sender_wrote_nothing_or_took_it_back) {
  const SharedSlots receiver = SharedSlots::make();
  EXPECT_TRUE(all_are(receiver, 0, 0));
  const SharedSlots sender = lent_by(receiver);
  std::ranges::fill(sender.slot_of(0), Sample(1));
  constexpr int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  ASSERT_EQ(fallocate(sender.descriptor(), hole, 0, SharedSlots::portion * sizeof(Sample)), 0);
  EXPECT_TRUE(all_are(receiver, 0, 0));
}

TEST(SharedSlots, are_not_written_by_the_receiver) {
  const SharedSlots receiver = SharedSlots::make();
  EXPECT_DEATH(receiver.slot_of(0)[0] = 1, "");
}

TEST(SharedSlots, say_that_there_is_no_such_memory) {
  const LowerLimit limit(RLIMIT_NOFILE, 0);
  try {
    SharedSlots::make();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    EXPECT_NE(std::string(error.what()).find("memfd_create: Too many open files"), std::string::npos) << error.what();
  }
}

TEST(SharedSlots, are_not_made_of_anything_else) {
  EXPECT_THROW(SharedSlots::lent(Descriptor(-1)), Error);
  EXPECT_THROW(SharedSlots::lent(Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))), Error);
  EXPECT_THROW(SharedSlots::lent(Descriptor(memfd_create("smaller", MFD_CLOEXEC))), Error);
}

}  // namespace
}  // namespace mriembed::io
