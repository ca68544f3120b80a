/* Says what is broken in one slice of k-space: raw complex float32 samples, (coils, y, x), in a file without header.
 *
 *   check_slice SAMPLES COILS HEIGHT WIDTH
 *
 * Exit code: 10 where there is a finding. */
#include <stdio.h>
#include <stdlib.h>

#include "mriembed/scan_quality.h"

static float* read_samples(const char* path, size_t count) {
  float* samples = malloc(count * sizeof(float));
  FILE* file = fopen(path, "rb");
  if (samples != NULL && (file == NULL || fread(samples, sizeof(float), count, file) != count)) {
    free(samples);
    samples = NULL;
  }
  if (file != NULL) {
    fclose(file);
  }
  return samples;
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: check_slice SAMPLES COILS HEIGHT WIDTH\n");
    return 2;
  }
  const int64_t shape[3] = {atoll(argv[2]), atoll(argv[3]), atoll(argv[4])};
  float* kspace = read_samples(argv[1], (size_t)(2 * shape[0] * shape[1] * shape[2]));
  if (kspace == NULL) {
    fprintf(stderr, "check_slice: %s cannot be read\n", argv[1]);
    return 4;
  }

  /* Further slices of the scan are added in the same way. */
  mriembed_error error;
  mriembed_scan_quality* quality = NULL;
  int64_t count = 0;
  mriembed_status status = mriembed_scan_quality_create(shape[0], &quality, &error);
  if (status == MRIEMBED_OK) {
    status = mriembed_scan_quality_add_slice(quality, kspace, shape, NULL, &error);
  }
  if (status == MRIEMBED_OK) {
    status = mriembed_scan_quality_find(quality, NULL, &count, &error);
  }
  for (int64_t index = 0; status == MRIEMBED_OK && index < count; ++index) {
    mriembed_finding finding = {.struct_size = sizeof(finding)};
    status = mriembed_scan_quality_finding(quality, index, &finding, &error);
    if (status == MRIEMBED_OK) {
      printf("%s: coil %lld, slice %lld: %.2f (limit %.2f)\n", mriembed_fault_name(finding.fault),
             (long long)finding.coil, (long long)finding.slice, finding.value, finding.limit);
    }
  }
  if (status != MRIEMBED_OK) {
    fprintf(stderr, "check_slice: %s\n", error.message);
  }
  mriembed_scan_quality_destroy(quality);
  free(kspace);
  return status != MRIEMBED_OK ? (int)status : count > 0 ? 10 : 0;
}
