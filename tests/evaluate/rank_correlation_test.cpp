#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <oracle.hpp>
#include <vislabel/evaluate/rank_correlation.hpp>

using namespace vislabel;
using Numbers = std::vector<double>;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

RankCorrelation correlation_of(const Numbers& quality, const Numbers& iou,
                               const std::vector<std::uint8_t>& where = {}) {
  return rank_correlation(exec::Seq{}, quality, iou, where);
}

/// One more than the values below, plus half of the others that are equal.
Numbers slow_ranks(const Numbers& values) {
  Numbers ranks;
  for (const double x : values) {
    double rank = 0.5;
    for (const double other : values) rank += other < x ? 1 : other == x ? 0.5 : 0;
    ranks.push_back(rank);
  }
  return ranks;
}

/// The definition, in numbers that hold more digits.
double slow_pearson(const Numbers& a, const Numbers& b) {
  const auto mean = [](const Numbers& values) {
    long double sum = 0;
    for (const double x : values) sum += x;
    return sum / static_cast<long double>(values.size());
  };
  const long double mean_a = mean(a), mean_b = mean(b);
  long double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const long double x = a[i] - mean_a, y = b[i] - mean_b;
    ab += x * y, aa += x * x, bb += y * y;
  }
  return static_cast<double>(ab / std::sqrt(aa) / std::sqrt(bb));
}

bool constant(const Numbers& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>{}) == values.end();
}

bool same_bits(const RankCorrelation& a, const RankCorrelation& b) {
  return std::bit_cast<std::uint64_t>(a.spearman) == std::bit_cast<std::uint64_t>(b.spearman) &&
         std::bit_cast<std::uint64_t>(a.pearson) == std::bit_cast<std::uint64_t>(b.pearson);
}

Numbers random_numbers(oracle::Random& random, std::size_t count, std::int64_t different) {
  Numbers out;
  while (out.size() < count)
    out.push_back(static_cast<double>(random.below(different)) / static_cast<double>(different));
  return out;
}

}  // namespace

TEST_CASE("by hand: ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4") {
  const RankCorrelation result = correlation_of({0.1, 0.5, 0.5, 0.9}, {0.2, 0.4, 0.3, 1.0});
  // Ranks less their mean 2.5: (-1.5, 0, 0, 1.5) and (-1.5, 0.5, -0.5, 1.5): 4.5 / sqrt(4.5 * 5).
  CHECK(result.spearman == doctest::Approx(4.5 / std::sqrt(4.5 * 5.0)).epsilon(1e-15));
  // Values less their means 0.5 and 0.475: (-0.4, 0, 0, 0.4) and (-0.275, .., 0.525): 0.32 / sqrt(0.32 *
  // 0.3875).
  CHECK(result.pearson == doctest::Approx(0.32 / std::sqrt(0.32 * 0.3875)).epsilon(1e-15));
}

TEST_CASE("one order is exactly 1 and its reverse exactly -1, with ties and however large the numbers") {
  oracle::Random random(501);
  for (int round = 0; round < 200; ++round) {
    const Numbers values = random_numbers(random, static_cast<std::size_t>(2 + random.below(300)),
                                          random.any_of(std::vector<std::int64_t>{3, 50, 1000}));
    if (constant(values)) continue;
    Numbers cubes, reversed;
    for (const double x : values) cubes.push_back(1e300 * x * x * x - 7), reversed.push_back(-x);
    CHECK(correlation_of(values, cubes).spearman == 1);
    CHECK(correlation_of(reversed, cubes).spearman == -1);
    CHECK(correlation_of(values, values).pearson == 1);
    CHECK(correlation_of(values, reversed).pearson == -1);
  }
  CHECK(correlation_of({0, 1}, {-infinite, infinite}).spearman == 1);
  CHECK(correlation_of({1, 0}, {3, 4}).pearson == -1);
}

TEST_CASE("fewer than two pairs and constant sides have no correlation") {
  for (const auto& [quality, iou] :
       std::vector<std::pair<Numbers, Numbers>>{{{}, {}},
                                                {{1}, {2}},
                                                {{0.1, 0.1, 0.1}, {1, 2, 3}},
                                                {{1, 2, 3}, {1e300, 1e300, 1e300}},
                                                {{0, -0.0}, {0, 1}}}) {
    const RankCorrelation result = correlation_of(quality, iou);
    CHECK(std::isnan(result.spearman));
    CHECK(std::isnan(result.pearson));
  }
}

TEST_CASE("infinite numbers have ranks, and make the correlation of the values NaN") {
  const RankCorrelation result = correlation_of({-infinite, 2, 1, infinite}, {1, 2, 3, 4});
  CHECK(result.spearman == correlation_of({0, 2, 1, 3}, {1, 2, 3, 4}).spearman);
  CHECK(std::isnan(result.pearson));
  CHECK(correlation_of({infinite, infinite, 1}, {2, 2, 1}).spearman == 1);
}

TEST_CASE("zeros tie whatever their sign") {
  CHECK(correlation_of({0.0, -0.0, 1, -1}, {5, 5, 6, 4}).spearman == 1);
}

TEST_CASE("the results equal the definition, and lie in [-1, 1]") {
  oracle::Random random(502);
  for (int round = 0; round < 2000; ++round) {
    const auto count = static_cast<std::size_t>(random.below(round < 1900 ? 12 : 700));
    const std::int64_t different = random.any_of(std::vector<std::int64_t>{2, 3, 10, 1 << 20});
    const Numbers a = random_numbers(random, count, different), b = random_numbers(random, count, different);
    const RankCorrelation result = correlation_of(a, b);
    if (constant(a) || constant(b)) {
      REQUIRE((std::isnan(result.spearman) && std::isnan(result.pearson)));
      continue;
    }
    REQUIRE(std::abs(result.spearman - slow_pearson(slow_ranks(a), slow_ranks(b))) < 1e-15);
    REQUIRE(std::abs(result.pearson - slow_pearson(a, b)) < 1e-14);
    REQUIRE((std::abs(result.spearman) <= 1 && std::abs(result.pearson) <= 1));
    REQUIRE(same_bits(correlation_of(b, a), result));
  }
}

TEST_CASE("a factor, an offset far above the spread, and outliers cost no digits") {
  oracle::Random random(503);
  const Numbers a = random_numbers(random, 1000, 1 << 12), b = random_numbers(random, 1000, 1 << 12);
  const RankCorrelation expected = correlation_of(a, b);
  for (const double factor : {0x1p-1040, 0x1p-600, 0x1p-30, 0x1p+30, 0x1p+1000}) {
    Numbers scaled = a;
    for (double& x : scaled) x *= factor;  // exact: the last bit is 2^-12
    CHECK(same_bits(correlation_of(scaled, b), expected));
  }
  for (const double offset : {1.0, 0x1p+30, 0x1p+40}) {
    Numbers moved = a;
    for (double& x : moved) x += offset;  // exact
    CHECK(correlation_of(moved, b).spearman == expected.spearman);
    CHECK(std::abs(correlation_of(moved, b).pearson - expected.pearson) < 1e-15);
  }
  Numbers far = a;
  far[0] = 1e9, far[11] = -1e9;
  CHECK(std::abs(correlation_of(far, b).pearson - slow_pearson(far, b)) < 1e-14);
  const double largest = std::numeric_limits<double>::max(),
               least = std::numeric_limits<double>::denorm_min();
  CHECK(correlation_of({-largest, largest, 0}, {-1, 1, 0}).pearson == 1);
  CHECK(correlation_of({0, least, 2 * least}, {2, 1, 0}).pearson == -1);
  CHECK(std::abs(correlation_of({1e300, 2e300, 4e300}, {1e-300, 2e-300, 3e-300}).pearson -
                 slow_pearson({1, 2, 4}, {1, 2, 3})) < 1e-15);
}

TEST_CASE("sums lose nothing to their length, and those of ranks are exact beyond 64 bits") {
  const auto sum_of_blocks = [](const Numbers& blocks) {
    return detail::steady_sum(256 * blocks.size(), [&](std::size_t begin, std::size_t count, double* out) {
      std::fill_n(out, count, 0.0);
      out[0] = blocks[begin / 256];
    });
  };
  CHECK(sum_of_blocks({0x1p60, 1, -0x1p60}) == 1);
  CHECK(sum_of_blocks({1, 0x1p60, -0x1p60}) == 1);
  Numbers many(4097, 0x1p-54);
  many[0] = 1;
  CHECK(sum_of_blocks(many) == 1 + 0x1p-42);
  const std::int64_t large = std::int64_t{1} << 62;
  CHECK(static_cast<double>(detail::product_sum(std::vector{large, large}, {4, 4})) == 0x1p65);
}

TEST_CASE("what `where` leaves out does not count, whatever it is") {
  oracle::Random random(504);
  for (int round = 0; round < 200; ++round) {
    Numbers a = random_numbers(random, 40, 20), b = random_numbers(random, 40, 20), kept_a, kept_b;
    std::vector<std::uint8_t> where;
    for (std::size_t i = 0; i < a.size(); ++i) {
      where.push_back(random.one_in(3) ? 0 : random.one_in(2) ? 1 : 255);
      if (where[i] != 0)
        kept_a.push_back(a[i]), kept_b.push_back(b[i]);
      else
        (random.one_in(2) ? a : b)[i] = random.one_in(2) ? not_a_number : infinite;
    }
    REQUIRE(same_bits(correlation_of(a, b, where), correlation_of(kept_a, kept_b)));
  }
  CHECK(std::isnan(correlation_of({1, 2}, {1, 2}, {0, 0}).spearman));
}

TEST_CASE("every policy gives the same bits, of many numbers too, in any order of the pairs for the ranks") {
  oracle::Random random(505);
  const Numbers a = random_numbers(random, 30'000, 1 << 19);
  Numbers b = random_numbers(random, 30'000, 1 << 19);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] += a[i];
  const RankCorrelation expected = correlation_of(a, b);
  CHECK(expected.spearman == doctest::Approx(0.69).epsilon(0.01));
  CHECK(std::abs(expected.pearson - slow_pearson(a, b)) < 1e-14);
  oracle::under_every_policy(
      [&](auto policy) { CHECK(same_bits(rank_correlation(policy, a, b), expected)); });
  const Numbers back_a(a.rbegin(), a.rend()), back_b(b.rbegin(), b.rend());
  CHECK(correlation_of(back_a, back_b).spearman == expected.spearman);
  CHECK(std::abs(correlation_of(back_a, back_b).pearson - expected.pearson) < 1e-15);
}

TEST_CASE("lengths that differ and NaN are refused") {
  const auto refusal = [](const Numbers& quality, const Numbers& iou,
                          const std::vector<std::uint8_t>& where = {}) {
    return oracle::error_of([&] { return correlation_of(quality, iou, where); });
  };
  CHECK(refusal({1, 2, 3}, {1, 2}) == "quality has 3 entries, expected one per IoU (2)");
  CHECK(refusal({}, {1}) == "quality has 0 entries, expected one per IoU (1)");
  CHECK(refusal({1, 2}, {1, 2}, {1}) == "where has 1 entries, expected one per IoU (2)");
  CHECK(refusal({1, not_a_number}, {1, 2}) == "quality[1] is NaN, expected a number");
  CHECK(refusal({1, 2, 3}, {1, 2, not_a_number}, {0, 1, 1}) == "iou[2] is NaN, expected a number");
}
