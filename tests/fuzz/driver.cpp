// Runs a fuzzer without libFuzzer: the corpus, then inputs made of it, always the same ones.
//   fuzz_NAME CORPUS_DIRECTORY INPUTS [SEED]
// It knows nothing of coverage: the long search is the `fuzz` preset's. The input that breaks a law is
// written to stderr, escaped, with the seed and its number.
#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz/fuzzed.h"

namespace {

constexpr std::size_t kLongest = 4096;

std::string current;  // for the handler

void show_and_die(int number) {
  std::fputs("input: \"", stderr);
  for (const char c : current) std::fprintf(stderr, "\\x%02x", static_cast<unsigned char>(c));
  std::fputs("\"\n", stderr);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(std::string input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current.data()), current.size());
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string input() {
    std::string out = any();
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(out);
    out.resize(std::min(out.size(), kLongest));
    return out;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  const std::string& any() { return corpus_[below(corpus_.size())]; }

  std::string piece() {
    const std::string& from = any();
    const std::size_t begin = below(from.size() + 1);
    return from.substr(begin, below(from.size() - begin + 1));
  }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.insert(at, piece());
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 2:
        text.erase(at, 1 + below(16));
        break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 4:
        text.insert(at, text.substr(below(at + 1), 1 + below(16)));
        break;
      default:
        text = text.substr(0, at) + piece();
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

std::vector<std::string> read_corpus(const char* directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> out;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no corpus\n", argv[1]);
    return 1;
  }
  std::signal(SIGABRT, show_and_die);
  for (const auto& input : corpus) run(input);
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  Mutator mutator(corpus, seed);
  const auto inputs = std::strtoull(argv[2], nullptr, 10);
  for (std::uint64_t i = 0; i < inputs; ++i) run(mutator.input());
  std::printf("%zu of the corpus and %llu made of it, seed %llu\n", corpus.size(),
              static_cast<unsigned long long>(inputs), static_cast<unsigned long long>(seed));
}
