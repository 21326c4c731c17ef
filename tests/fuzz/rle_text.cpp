/// COCO's text: read exactly where a slow reader reads it, as the same runs, and written back.
#include "runs.hpp"

namespace {

/// The run lengths of a text, by the definition; nothing where a number is malformed or beyond 60 bits.
std::optional<std::vector<given::Wide>> read_slowly(const std::string& text) {
  std::vector<given::Wide> runs;
  for (std::size_t at = 0; at < text.size();) {
    given::Wide number = 0, weight = 1;
    for (bool more = true; more; weight *= 32) {
      if (at == text.size() || text[at] < '0' || text[at] > 'o' || weight >= given::Wide{1} << 60) return {};
      const int group = text[at++] - '0';
      more = group >= 32;
      number += weight * (group % 32);
      if (!more && group >= 16) number -= weight * 32;
    }
    if (runs.size() > 2) number += runs[runs.size() - 2];
    runs.push_back(number);
  }
  return runs;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  FuzzedDataProvider bytes(data, length);
  const std::string text = bytes.ConsumeRandomLengthString();
  const auto runs = read_slowly(text);
  const vislabel::Size size = given::size(bytes, runs ? given::sum(*runs) : 0);
  std::optional<vislabel::Rle> rle;
  const std::string refusal = oracle::error_of([&] { rle = vislabel::from_text(size, text); });
  given::check(rle.has_value() == (runs && given::valid(size, *runs)), refusal.c_str());
  if (rle) given::check_accepted(*rle, size, *runs);
  return 0;
}
