/// Pairs of masks: whatever the library computes of them is what the slow oracle says.
#include "given.hpp"

using namespace vislabel;
using given::check;
using oracle::Dense;

namespace {

Rle to_rle(const Dense& dense) { return Rle::from_counts<std::uint32_t>(dense.size, oracle::runs(dense)); }

/// Column after column, as run lengths go.
std::vector<std::uint8_t> columns_of(const Dense& dense) {
  std::vector<std::uint8_t> bytes;
  for (std::int64_t x = 0; x < dense.size.width; ++x)
    for (std::int64_t y = 0; y < dense.size.height; ++y) bytes.push_back(dense(y, x));
  return bytes;
}

void check_mask(const PackedMask& mask, const Dense& dense) {
  const Rle rle = vislabel::to_rle(mask, dense.size), expected = to_rle(dense);
  check(rle == expected, "run lengths");
  check(from_text(dense.size, to_text(rle)) == expected, "the text reads back");
  check(pack(exec::Seq{}, dense.size, std::span(&rle, 1))[0] == mask, "packed from run lengths");
  const std::vector<std::uint8_t> columns = columns_of(dense);
  std::vector<std::uint8_t> decoded(columns.size(), 9);
  decode_columns(expected, decoded);
  check(encode_columns(dense.size, columns) == expected && decoded == columns, "columns of bytes");
  check(mask.area() == oracle::area(dense) && area(rle) == mask.area(), "area");
  check(mask.box() == oracle::box(dense) && box(rle) == mask.box(), "box");
}

template <class Op>
Dense combined(const Dense& a, const Dense& b, Op op) {
  Dense out(a.size);
  for (std::size_t i = 0; i < out.bytes.size(); ++i)
    out.bytes[i] = op(a.bytes[i] != 0, b.bytes[i] != 0) ? 1 : 0;
  return out;
}

/// Mask 0 of `result` is a op b, mask 1 is b op a: one packer makes both.
template <class Op>
void check_operation(const char* name, const Masks& result, const Dense& a, const Dense& b, Op op) {
  check(result == oracle::packed(a.size, {combined(a, b, op), combined(b, a, op)}), name);
}

void check_operations(const Dense& a, const Dense& b, const Masks& left, const Masks& right) {
  const std::logical_or either;
  const std::logical_and both;
  check_operation("union", unite(exec::Seq{}, left, right), a, b, either);
  check_operation("intersection", intersect(exec::Seq{}, left, right), a, b, both);
  check_operation("difference", subtract(exec::Seq{}, left, right), a, b,
                  [](bool p, bool q) { return p && !q; });
  check_operation("exclusive or", exclusive_or(exec::Seq{}, left, right), a, b, std::not_equal_to{});
  check_operation("complement", complement(exec::Seq{}, left), a, b, [](bool p, bool) { return !p; });
  check(unite_all(left) == oracle::packed(combined(a, b, either)), "union of all");
  check(intersect_all(left) == oracle::packed(combined(a, b, both)), "intersection of all");
  const std::array rles{to_rle(a), to_rle(b)};
  check(unite(rles) == to_rle(combined(a, b, either)), "union of runs");
  check(intersect(rles) == to_rle(combined(a, b, both)), "intersection of runs");
}

void check_common(const Dense& a, const Dense& b, const Masks& left, const Masks& right) {
  const std::int64_t common = oracle::common(a, b);
  check(intersection_area(left[0], right[0]) == common, "area in common");
  check(intersection_area(right[0], left[0]) == common, "area in common, the other way round");
  check(intersection_area(left[0], left[0]) == oracle::area(a), "area in common with itself");
  check((left[0] == right[0]) == (a == b), "equal iff the pixels are");
}

void check_crop(const Dense& a, const Masks& left, const Box& box) {
  Dense inside = a;
  for (std::int64_t y = 0; y < a.size.height; ++y)
    for (std::int64_t x = 0; x < a.size.width; ++x) {
      const auto row = static_cast<double>(y), column = static_cast<double>(x);
      if (column < std::floor(box.x) || column >= std::ceil(box.x + box.width) || row < std::floor(box.y) ||
          row >= std::ceil(box.y + box.height))
        inside(y, x) = 0;
    }
  const std::array boxes{box, Box{}};
  check(crop_to(exec::Seq{}, left, boxes)[0] == oracle::packed(inside), "cropped to a box");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) { return given::require_kernels(); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  FuzzedDataProvider bytes(data, length);
  const Size size = given::small_size(bytes);
  const Dense a = given::drawn(bytes, size), b = given::drawn(bytes, size);
  const Masks left = oracle::packed(size, {a, b}), right = oracle::packed(size, {b, a});
  check_mask(left[0], a);
  check_mask(left[1], b);
  check_operations(a, b, left, right);
  check_common(a, b, left, right);
  const auto edge = [&](int least) { return bytes.ConsumeIntegralInRange(least, 300) / 4.0; };
  check_crop(a, left, Box{edge(-30), edge(-30), edge(0), edge(0)});
  return 0;
}
