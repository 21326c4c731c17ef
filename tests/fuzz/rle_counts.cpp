/// Run lengths of every integer type: taken exactly where they are those of a mask, as its canonical runs.
#include "runs.hpp"

namespace {

template <class Integer>
void check_counts(FuzzedDataProvider& bytes) {
  std::vector<Integer> counts(bytes.ConsumeIntegralInRange<std::size_t>(0, 64));
  const auto most = bytes.ConsumeIntegral<Integer>();  // small runs add up to a mask more often
  for (Integer& run : counts)
    run = bytes.ConsumeBool() ? bytes.ConsumeIntegral<Integer>()
                              : bytes.ConsumeIntegralInRange<Integer>(0, most < 0 ? Integer{9} : most);
  const std::vector<given::Wide> runs(counts.begin(), counts.end());
  const vislabel::Size size = given::size(bytes, given::sum(runs));
  std::optional<vislabel::Rle> rle;
  const std::string refusal =
      oracle::error_of([&] { rle = vislabel::Rle::from_counts<Integer>(size, counts); });
  given::check(rle.has_value() == given::valid(size, runs), refusal.c_str());
  if (rle) given::check_accepted(*rle, size, runs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  FuzzedDataProvider bytes(data, length);
  switch (bytes.ConsumeIntegralInRange(0, 5)) {
    case 0:
      check_counts<std::int8_t>(bytes);
      break;
    case 1:
      check_counts<std::uint8_t>(bytes);
      break;
    case 2:
      check_counts<std::int32_t>(bytes);
      break;
    case 3:
      check_counts<std::uint32_t>(bytes);
      break;
    case 4:
      check_counts<std::int64_t>(bytes);
      break;
    default:
      check_counts<std::uint64_t>(bytes);
  }
  return 0;
}
