// Embeds one slice of k-space: raw complex float32 samples, (coils, y, x), in a file without header.
//
//   embed_slice MODEL SAMPLES COILS HEIGHT WIDTH EMBEDDING
#include <array>
#include <complex>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "mriembed/embedder.hpp"

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: embed_slice MODEL SAMPLES COILS HEIGHT WIDTH EMBEDDING\n";
    return 2;
  }
  try {
    const std::array<std::int64_t, 4> shape{1, std::stoll(argv[3]), std::stoll(argv[4]), std::stoll(argv[5])};
    std::vector<std::complex<float>> kspace(static_cast<std::size_t>(shape[1] * shape[2] * shape[3]));
    std::ifstream(argv[2], std::ios::binary)
        .read(reinterpret_cast<char*>(kspace.data()), static_cast<std::streamsize>(kspace.size() * sizeof(kspace[0])));

    // Load once, embed often: from as many threads as you like.
    const mriembed::Embedder embedder = mriembed::Embedder::load(argv[1]);
    const std::int64_t length = embedder.info().embed_dim;
    std::vector<float> embedding(static_cast<std::size_t>(length));
    embedder.embed_kspace(mriembed::ArrayView<const std::complex<float>, 4>::row_major(kspace.data(), shape),
                          mriembed::ArrayView<float, 2>::row_major(embedding.data(), {1, length}));

    std::ofstream(argv[6], std::ios::binary)
        .write(reinterpret_cast<const char*>(embedding.data()),
               static_cast<std::streamsize>(embedding.size() * sizeof(float)));
    return 0;
  } catch (const mriembed::Error& error) {
    std::cerr << "embed_slice: " << error.what() << '\n';
    return static_cast<int>(error.code());
  }
}
