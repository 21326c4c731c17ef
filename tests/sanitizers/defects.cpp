/// Deliberate defects, one per argument. Each sanitizer must find its own, or its silence means nothing.
#include <cstdint>
#include <string_view>
#include <vector>
#include <vislabel/core/exec.hpp>

int main(int count, char** arguments) {
  const std::string_view defect = count > 1 ? arguments[1] : "";
  const std::vector<int> values(static_cast<std::size_t>(count) + 30);
  std::int64_t sum = 0;
  if (defect == "overflow") sum = values.data()[values.size()];
  if (defect == "shift") sum = count << values.size();
  if (defect == "race")
    vislabel::exec::for_each(vislabel::exec::Omp{2}, 1'000'000, 1'000, [&](std::int64_t i) { sum += i; });
  return sum == 0 ? 1 : 0;
}
