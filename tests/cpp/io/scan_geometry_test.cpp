#include "scan_geometry.hpp"

#include <gtest/gtest.h>

namespace mriembed::io {
namespace {

ScanGeometry geometry(Matrix encoded, FieldOfView encoded_fov, Matrix recon, FieldOfView recon_fov) {
  MrdEncoding encoding;
  encoding.encoded = encoded;
  encoding.encoded_fov = encoded_fov;
  encoding.recon = recon;
  encoding.recon_fov = recon_fov;
  return geometry_of(encoding);
}

void expect_image(const ScanGeometry& found, Matrix image, double pixel_aspect, bool noted) {
  EXPECT_EQ(found.image.x, image.x);
  EXPECT_EQ(found.image.y, image.y);
  EXPECT_EQ(found.image.z, image.z);
  EXPECT_NEAR(found.pixel_aspect, pixel_aspect, 1e-9);
  EXPECT_EQ(!found.notes.empty(), noted);
}

TEST(ScanGeometry, crops_by_fields_of_view_whatever_the_reconstruction_matrix_is) {
  for (const Matrix recon : {Matrix{256, 256, 40}, Matrix{512, 512, 80}, Matrix{64, 64, 10}}) {
    expect_image(geometry({512, 320, 48}, {460, 287.5, 192}, recon, {230, 230, 160}), {256, 256, 40}, 1, false);
  }
}

TEST(ScanGeometry, rounds_to_whole_pixels) {
  // 20 % of phase oversampling; a half would not be a line
  expect_image(geometry({384, 229, 1}, {400, 240, 4}, {192, 192, 1}, {200, 200, 4}), {192, 191, 1},
               (240.0 / 229) / (400.0 / 384), false);
}

TEST(ScanGeometry, needs_no_reconstruction_matrix_where_there_are_fields_of_view) {
  for (const Matrix recon : {Matrix{0, 0, 0}, Matrix{0, 0, 1}, Matrix{1, 1, 1}}) {
    expect_image(geometry({512, 320, 1}, {460, 287.5, 5}, recon, {230, 230, 5}), {256, 256, 1}, 1, false);
    expect_image(geometry({512, 320, 1}, {460, 287.5, 5}, recon, {460, 287.5, 5}), {512, 320, 1}, 1, false);
  }
  expect_image(geometry({512, 320, 48}, {460, 287.5, 192}, {0, 0, 0}, {230, 230, 160}), {256, 256, 40}, 1, false);
  expect_image(geometry({512, 320, 1}, {}, {0, 0, 0}, {}), {512, 320, 1}, 1, true);
}

TEST(ScanGeometry, takes_the_matrices_where_fields_of_view_leave_one_pixel) {
  // The thickness of a partition in the place of the slab's.
  expect_image(geometry({64, 64, 48}, {230, 230, 192}, {64, 64, 40}, {230, 230, 4}), {64, 64, 40}, 1, true);
  EXPECT_EQ(geometry({64, 64, 48}, {230, 230, 192}, {64, 64, 40}, {230, 230, 4}).notes.front(),
            "the header's fields of view leave one pixel along z: oversampling is told by the matrices");
  // One partition is wanted.
  expect_image(geometry({64, 64, 48}, {230, 230, 192}, {64, 64, 1}, {230, 230, 4}), {64, 64, 1}, 1, false);
}

TEST(ScanGeometry, knows_pixels_that_are_not_square) {
  expect_image(geometry({512, 192, 1}, {512, 256, 5}, {256, 256, 1}, {256, 256, 5}), {256, 192, 1}, 256.0 / 192, false);
  expect_image(geometry({256, 128, 1}, {256, 192, 5}, {256, 192, 1}, {256, 192, 5}), {256, 128, 1}, 1.5, false);
}

TEST(ScanGeometry, tells_a_lower_resolution_from_oversampling_where_fields_of_view_are_copies) {
  // Both axes by the same factor: a lower resolution.
  expect_image(geometry({64, 64, 1}, {230, 230, 5}, {32, 32, 1}, {230, 230, 5}), {64, 64, 1}, 1, true);
  // The readout alone.
  expect_image(geometry({128, 64, 1}, {230, 230, 5}, {64, 64, 1}, {230, 230, 5}), {64, 64, 1}, 1, true);
  // Phase encoding alone, and a slab.
  expect_image(geometry({64, 96, 12}, {230, 230, 60}, {64, 64, 8}, {230, 230, 60}), {64, 64, 8}, 1, true);
}

TEST(ScanGeometry, takes_fields_of_view_that_differ_by_rounding_as_copies) {
  expect_image(geometry({512, 256, 1}, {300, 300, 5}, {256, 256, 1}, {299.99, 300, 5}), {256, 256, 1}, 1, true);
  expect_image(geometry({512, 256, 1}, {299.8, 300, 5}, {256, 256, 1}, {300, 300, 5}), {256, 256, 1}, 1, true);
  // Half a line less is one.
  expect_image(geometry({256, 256, 1}, {256, 256, 5}, {256, 248, 1}, {256, 255.4, 5}), {256, 255, 1}, 1, false);
}

TEST(ScanGeometry, takes_each_axis_by_itself_where_a_writer_copies_some_fields_of_view) {
  // The readout's field of view is a copy; 1.5-fold phase oversampling is told.
  const ScanGeometry readout = geometry({64, 36, 1}, {200, 300, 5}, {32, 24, 1}, {200, 200, 5});
  expect_image(readout, {32, 24, 1}, (200.0 / 24) / (200.0 / 32), true);
  EXPECT_NE(readout.notes.front().find("one field of view along x, "), std::string::npos);
  // The others are.
  const ScanGeometry others = geometry({64, 36, 6}, {400, 200, 30}, {32, 24, 4}, {200, 200, 30});
  expect_image(others, {32, 24, 4}, (200.0 / 24) / (200.0 / 32), true);
  EXPECT_NE(others.notes.front().find("one field of view along y and z, "), std::string::npos);
}

TEST(ScanGeometry, takes_a_field_of_view_that_is_told_in_full_before_it_looks_at_the_resolution) {
  // The readout's oversampling is told; both axes have half the resolution.
  expect_image(geometry({256, 128, 1}, {400, 200, 5}, {64, 64, 1}, {200, 200, 5}), {128, 128, 1}, 1, true);
  // So has the slab, or it is oversampled by another factor.
  expect_image(geometry({64, 64, 8}, {230, 230, 40}, {32, 32, 4}, {230, 230, 40}), {64, 64, 8}, 1, true);
  expect_image(geometry({64, 64, 6}, {230, 230, 30}, {32, 32, 4}, {230, 230, 30}), {64, 64, 4}, 1, true);
}

TEST(ScanGeometry, goes_by_the_matrices_where_there_is_no_field_of_view) {
  expect_image(geometry({128, 72, 1}, {}, {64, 64, 1}, {}), {64, 64, 1}, 1, true);
  expect_image(geometry({64, 64, 1}, {}, {128, 128, 1}, {}), {64, 64, 1}, 1, true);
  expect_image(geometry({128, 64, 1}, {0, 230, 5}, {64, 64, 1}, {230, 230, 5}), {64, 64, 1}, 1, true);
  // A slab's number of partitions may change without it; its pixels keep their shape.
  expect_image(geometry({64, 64, 6}, {230, 230, 0}, {64, 64, 4}, {230, 230, 0}), {64, 64, 4}, 1, true);
  expect_image(geometry({64, 32, 6}, {230, 230, 0}, {64, 32, 6}, {230, 230, 0}), {64, 32, 6}, 2, false);
}

TEST(ScanGeometry, crops_nothing_where_the_image_is_said_to_be_larger) {
  expect_image(geometry({128, 64, 1}, {230, 230, 5}, {128, 64, 1}, {240, 230, 5}), {128, 64, 1}, 2, false);
}

TEST(ScanGeometry, takes_no_pixel_that_is_all_but_a_line) {
  expect_image(geometry({64, 64, 1}, {230, 5, 230}, {64, 64, 1}, {230, 5, 230}), {64, 64, 1}, 1, true);
}

}  // namespace
}  // namespace mriembed::io
