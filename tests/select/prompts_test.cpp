#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vislabel/select/prompts.hpp>

#include "features.hpp"

using namespace vislabel;

namespace {

using Labels = std::vector<std::int64_t>;

PromptMatch matched(const oracle::Vectors& features, const oracle::Vectors& prompts, const Labels& classes) {
  const std::size_t columns = prompts[0].size();
  return match_prompts(exec::Seq{}, oracle::table_of(features, columns), oracle::table_of(prompts, columns),
                       classes);
}

}  // namespace

TEST_CASE("the class of the prompt of largest cosine, however long the vectors are") {
  // Two prompts of class 7, one of class 3. Cosines of the first instance: 0.6, 0.8, -0.6.
  const PromptMatch match = matched({{3, 4}, {-1, 0}, {100, 1}}, {{5, 0}, {0, 0.001}, {-2, 0}}, {7, 7, 3});
  CHECK(match.label == Labels{7, 3, 7});
  CHECK(match.prompt == Labels{1, 2, 0});
  CHECK(match.similarity[0] == 0.8);
  CHECK(match.similarity[1] == 1);
  CHECK(match.similarity[2] == 100 / std::sqrt(10001));
}

TEST_CASE("of equal prompts the first is taken, whatever its class") {
  const PromptMatch match =
      matched({{1, 1}, {1, 0}}, {{-1, 0}, {0, 2}, {1, 0}, {0, 4}, {8, 0}}, {4, 3, 2, 1, 0});
  CHECK(match.prompt == Labels{1, 2});
  CHECK(match.label == Labels{3, 2});
}

TEST_CASE("zeros have the cosine 0 to everything") {
  const PromptMatch match = matched({{0, 0}, {-1, 0}, {1, 0}}, {{1, 0}, {0, 0}, {1, 1}}, {5, 6, 7});
  CHECK(match.prompt == Labels{0, 1, 0});
  CHECK(match.label == Labels{5, 6, 5});
  CHECK(match.similarity == std::vector<double>{0, 0, 1});
}

TEST_CASE("no instances, and vectors without numbers") {
  CHECK(matched({}, {{1, 0}}, {1}).label.empty());
  const PromptMatch match = match_prompts(exec::Seq{}, Table(2, 0), Table(3, 0), Labels{4, 5, 6});
  CHECK(match.label == Labels{4, 4});
  CHECK(match.similarity == std::vector<double>{0, 0});
}

TEST_CASE("matches equal the oracle's to the last bit, also those of floats") {
  oracle::Random random(741);
  for (int round = 0; round < 40; ++round) {
    const bool large = round == 0;  // enough work for threads
    const auto columns = static_cast<std::size_t>(large ? 130 : random.between(1, 40));
    const oracle::Vectors features = oracle::random_vectors(random, large ? 500 : random.below(80), columns);
    const oracle::Vectors prompts =
        oracle::random_vectors(random, large ? 90 : random.between(1, 50), columns);
    Labels classes;
    for (std::size_t p = 0; p < prompts.size(); ++p) classes.push_back(random.between(-3, 5));
    const Table table = oracle::table_of(features, columns), texts = oracle::table_of(prompts, columns);
    Labels best;
    oracle::Vector similarity;
    for (const oracle::Vector& feature : features) {
      const oracle::Vector own = oracle::direction(feature);
      best.push_back(0);
      similarity.push_back(-2);
      for (std::size_t p = 0; p < prompts.size(); ++p) {
        const double cosine = std::clamp(oracle::inner(own, oracle::direction(prompts[p])), -1.0, 1.0);
        if (cosine > similarity.back())
          best.back() = static_cast<std::int64_t>(p), similarity.back() = cosine;
      }
    }
    oracle::under_every_policy([&](auto policy) {
      const PromptMatch match = match_prompts(policy, table, texts, classes);
      REQUIRE(match.prompt == best);
      REQUIRE(match.similarity == similarity);
      for (std::size_t n = 0; n < features.size(); ++n)
        REQUIRE(match.label[n] == classes[static_cast<std::size_t>(best[n])]);
      // Floats are numbers too.
      const auto small = (table.abs() < 1e30).select(table, 1.0).cast<float>().eval();
      const PromptMatch floats = match_prompts(policy, small, texts, classes);
      REQUIRE(floats.similarity == match_prompts(policy, small.cast<double>(), texts, classes).similarity);
    });
  }
}

TEST_CASE("numbers of any size are matched by their direction") {
  const PromptMatch match = matched({{3e200, 4e200}, {5e-324, 0}, {-3e307, 4e307}},
                                    {{1e-300, 0}, {3, 4}, {-3e-200, 4e-200}}, {0, 1, 2});
  CHECK(match.prompt == Labels{1, 0, 2});
  for (const double similarity : match.similarity) CHECK(similarity == doctest::Approx(1).epsilon(1e-15));
}

TEST_CASE("shapes that do not fit and numbers that are none are refused") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto refusal = [](const Table& features, const Table& prompts, const Labels& classes) {
    return oracle::error_of([&] { return match_prompts(exec::Seq{}, features, prompts, classes); });
  };
  const Table two = Table::Ones(2, 3);
  CHECK(refusal(two, Table(0, 3), {}) == "prompts has no rows, expected at least one prompt");
  CHECK(refusal(two, two, {1}) == "classes has 1 entries, expected one per prompt (2)");
  CHECK(refusal(Table::Ones(2, 4), two, {1, 2}) == "features has 4 columns, expected as many as prompts (3)");
  CHECK(refusal(two * std::numeric_limits<double>::quiet_NaN(), two, {1, 2}) ==
        "features[0, 0] is NaN, expected a number");
  CHECK(refusal(two, two * infinity, {1, 2}) == "prompts[0, 0] is inf, expected a finite number");
}
