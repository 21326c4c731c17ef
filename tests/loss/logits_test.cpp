#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/logits.hpp>

using namespace vislabel;

TEST_CASE("NaN is found in any layout, and named by its place on all axes") {
  std::vector<double> values(2 * 3 * 4 * 5);
  const auto maps = pixels(std::as_const(values).data(), std::array<std::int64_t, 4>{2, 3, 4, 5});
  const Pixels<const double, 4> view = maps;
  for (std::int64_t i = 0; i < 6; ++i) CHECK_FALSE(detail::checked_nan(view, i, "logits", OnNaN::error));
  values[static_cast<std::size_t>(((1 * 3 + 2) * 4 + 3) * 5 + 1)] = NAN;
  CHECK(detail::checked_nan(view, 5, "logits", OnNaN::propagate));
  CHECK(oracle::error_of([&] { return detail::checked_nan(view, 5, "logits", OnNaN::error); }) ==
        "logits[1, 2, 3, 1] is NaN, expected a number");
  Pixels<const double, 2> turned = view.image(5);
  std::swap(turned.shape[0], turned.shape[1]), std::swap(turned.strides[0], turned.strides[1]);
  CHECK(detail::has_nan(turned));
}
