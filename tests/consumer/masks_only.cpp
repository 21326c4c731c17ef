// The rooms core, mask and track compile with nothing but C++20.
#include <vislabel/mask/boolean.hpp>
#include <vislabel/mask/measure.hpp>
#include <vislabel/mask/rle_string.hpp>
#include <vislabel/track/tracks.hpp>

int main() {
  using namespace vislabel;
  const Rle rle = from_text({4, 4}, "01400000");  // the diagonal
  return area(rle) == 4 && pack(exec::Seq{}, rle.size(), {&rle, 1})[0].area() == 4 ? 0 : 1;
}
