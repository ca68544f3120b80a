#include "mriembed/error.hpp"

#include <gtest/gtest.h>

namespace mriembed {
namespace {

TEST(Error, carries_its_code_and_no_slice_unless_one_is_at_fault) {
  const Error error(ErrorCode::bad_model_file, "model.pt: cut short");
  EXPECT_EQ(error.code(), ErrorCode::bad_model_file);
  EXPECT_FALSE(error.slice().has_value());
  EXPECT_EQ(error.path(), "");
  EXPECT_STREQ(error.what(), "model.pt: cut short");
  EXPECT_STREQ(error.fault(), error.what());
}

TEST(Error, carries_the_slice_beside_the_text_that_names_it) {
  const Error error(ErrorCode::bad_input, 12, "is all zero");
  EXPECT_EQ(error.slice(), 12);
  EXPECT_STREQ(error.what(), "slice 12 is all zero");
  EXPECT_STREQ(error.fault(), "is all zero");
}

TEST(Error, carries_the_file_beside_the_text_that_names_it) {
  const Error whole("scan.h5", Error(ErrorCode::bad_input, "cut short"));
  EXPECT_EQ(whole.code(), ErrorCode::bad_input);
  EXPECT_EQ(whole.path(), "scan.h5");
  EXPECT_STREQ(whole.what(), "scan.h5: cut short");
  EXPECT_STREQ(whole.fault(), "cut short");
  const Error of_slice("a: b.npy", Error(ErrorCode::bad_input, 12, "is all zero"));
  EXPECT_EQ(of_slice.slice(), 12);
  EXPECT_EQ(of_slice.path(), "a: b.npy");
  EXPECT_STREQ(of_slice.what(), "a: b.npy: slice 12 is all zero");
  EXPECT_STREQ(of_slice.fault(), "is all zero");
}

TEST(Error, keeps_all_of_it_when_it_is_copied) {
  const Error copy = Error(ErrorCode::bad_input, 3, "is all zero");
  const Error other = copy;  // NOLINT(performance-unnecessary-copy-initialization): what is tested
  EXPECT_EQ(other.code(), ErrorCode::bad_input);
  EXPECT_EQ(other.slice(), 3);
  EXPECT_STREQ(other.fault(), "is all zero");
}

}  // namespace
}  // namespace mriembed
