#include "threads/recycled.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace mriembed::threads {
namespace {

TEST(Recycled, hands_out_what_was_given_back) {
  Recycled<int> objects;
  const int* first = nullptr;
  {
    const auto loan = objects.take();
    *loan = 7;
    first = loan.get();
  }
  const auto loan = objects.take();
  EXPECT_EQ(loan.get(), first);
  EXPECT_EQ(*loan, 7);
}

TEST(Recycled, lends_nothing_twice) {
  Recycled<std::atomic<int>> objects;
  std::atomic<int> shared = 0;
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 2000; ++turn) {
        const auto loan = objects.take();
        if (loan->fetch_add(1) != 0) {
          ++shared;
        }
        loan->fetch_sub(1);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(shared, 0);
}

TEST(Recycled, lends_more_than_it_keeps) {
  Recycled<int> objects;
  std::vector<Recycled<int>::Loan> loans;
  loans.reserve(100);
  for (int loan = 0; loan < 100; ++loan) {
    loans.push_back(objects.take());
  }
  std::set<int*> different;
  for (const auto& loan : loans) {
    different.insert(loan.get());
  }
  EXPECT_EQ(different.size(), loans.size());
  loans.clear();  // leaks nothing, AddressSanitizer says
}

}  // namespace
}  // namespace mriembed::threads
