/* Embeds one slice of k-space: raw complex float32 samples, (coils, y, x), in a file without header.
 *
 *   embed_slice MODEL SAMPLES COILS HEIGHT WIDTH EMBEDDING */
#include <stdio.h>
#include <stdlib.h>

#include "mriembed/mriembed.h"

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
  if (argc != 7) {
    fprintf(stderr, "usage: embed_slice MODEL SAMPLES COILS HEIGHT WIDTH EMBEDDING\n");
    return 2;
  }
  const int64_t shape[4] = {1, atoll(argv[3]), atoll(argv[4]), atoll(argv[5])};
  float* kspace = read_samples(argv[2], (size_t)(2 * shape[1] * shape[2] * shape[3]));
  if (kspace == NULL) {
    fprintf(stderr, "embed_slice: %s cannot be read\n", argv[2]);
    return 4;
  }

  /* Load once, embed often: from as many threads as you like. */
  mriembed_error error;
  mriembed_embedder* embedder = NULL;
  mriembed_status status = mriembed_load(argv[1], NULL, &embedder, &error);
  if (status == MRIEMBED_OK) {
    const size_t length = (size_t)mriembed_embed_dim(embedder);
    float* embedding = malloc(length * sizeof(float));
    status = mriembed_embed_kspace(embedder, kspace, shape, NULL, NULL, embedding, &error);
    FILE* file = status == MRIEMBED_OK ? fopen(argv[6], "wb") : NULL;
    if (file != NULL) {
      fwrite(embedding, sizeof(float), length, file);
      fclose(file);
    }
    free(embedding);
  }
  if (status != MRIEMBED_OK) {
    fprintf(stderr, "embed_slice: %s\n", error.message);
  }
  mriembed_destroy(embedder);
  free(kspace);
  return (int)status;
}
