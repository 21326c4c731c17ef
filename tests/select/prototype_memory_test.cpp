#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vislabel/select/prototype_memory.hpp>

#include "features.hpp"

using namespace vislabel;

namespace {

using ClassLabels = std::vector<std::int64_t>;

PrototypeMemory memory_of(const oracle::Vectors& features, const ClassLabels& labels, std::int64_t k,
                          std::uint64_t seed = 0) {
  return fit_prototypes(exec::Seq{}, oracle::table_of(features, features.at(0).size()), labels, k,
                        {.seed = seed});
}

/// The centroids of one class.
oracle::Vectors centroids_of(const PrototypeMemory& memory, std::int64_t label) {
  oracle::Vectors out;
  for (std::size_t c = 0; c < memory.classes.size(); ++c)
    if (memory.classes[c] == label)
      out.push_back(oracle::row_of(memory.centroids, static_cast<std::int64_t>(c)));
  return out;
}

/// The definition, class by class.
std::map<std::int64_t, oracle::Vectors> slow_prototypes(const oracle::Vectors& features,
                                                        const ClassLabels& labels, std::int64_t k,
                                                        std::uint64_t seed) {
  std::map<std::int64_t, oracle::Vectors> points, out;
  for (std::size_t n = 0; n < features.size(); ++n) {
    const oracle::Vector own = oracle::direction(features[n]);
    points[labels[n]];
    if (oracle::inner(own, own) > 0) points[labels[n]].push_back(own);
  }
  for (const auto& [label, own] : points)
    out[label] = own.empty() ? oracle::Vectors{oracle::Vector(features[0].size())}
                             : oracle::k_means(own, k, seed).centroids;
  return out;
}

}  // namespace

TEST_CASE("an instance that looks like no prototype of its class is dropped, by hand") {
  // One centroid per class: class 4's is (4, 1)/5 of four instances along x and one along y.
  const oracle::Vectors features{{1, 0}, {2, 0}, {0, 3}, {9, 0}, {4, 0}, {0, 1}};
  const ClassLabels labels{4, 4, 4, 4, 4, -1};
  const PrototypeMemory memory = memory_of(features, labels, 1);
  CHECK(memory.classes == ClassLabels{-1, 4});
  CHECK(centroids_of(memory, 4) == oracle::Vectors{{4.0 / 5, 1.0 / 5}});
  CHECK(centroids_of(memory, -1) == oracle::Vectors{{0, 1}});
  const Table table = oracle::table_of(features, 2);
  const std::vector<double> similarity = prototype_similarity(exec::Seq{}, memory, table, labels);
  CHECK(similarity[0] == doctest::Approx(4 / std::sqrt(17)));
  CHECK(similarity[2] == doctest::Approx(1 / std::sqrt(17)));
  CHECK(similarity[5] == 1);
  const Kept kept = prototype_filter(exec::Seq{}, table, labels, 1);
  CHECK(std::vector<bool>(kept.begin(), kept.end()) == std::vector{true, true, false, true, true, true});
  // Two centroids: the one along y has its own.
  CHECK(prototype_filter(exec::Seq{}, table, labels, 2).all());
}

TEST_CASE("a similarity equal to the threshold stays") {
  const PrototypeMemory memory{oracle::table_of({{1, 0}}, 2), {0}};
  const Table features = oracle::table_of({{3, 4}, {4, 3}}, 2);
  const std::vector<double> similarity =
      prototype_similarity(exec::Seq{}, memory, features, ClassLabels{0, 0});
  CHECK(similarity == std::vector<double>{0.6, 0.8});
  CHECK(score_filter(Eigen::Map<const Table>(similarity.data(), 1, 2), 0.8)[1]);
}

TEST_CASE("memory and similarities equal the oracle's to the last bit, also those of floats") {
  oracle::Random random(751);
  for (int round = 0; round < 40; ++round) {
    const bool large = round == 0;  // enough for threads, with one class that occupies them all
    const auto columns = static_cast<std::size_t>(large ? 16 : random.between(1, 24));
    const std::int64_t count = large ? 3500 : random.between(1, 120), k = random.between(1, 6);
    const oracle::Vectors features = oracle::random_vectors(random, count, columns);
    ClassLabels labels;
    for (std::int64_t n = 0; n < count; ++n)
      labels.push_back(large && !random.one_in(5) ? 3 : 10 * random.between(-2, 3));
    const auto expected = slow_prototypes(features, labels, k, 77);
    const Table table = oracle::table_of(features, columns);
    oracle::under_every_policy([&](auto policy) {
      const PrototypeMemory memory = fit_prototypes(policy, table, labels, k, {.seed = 77});
      CHECK(std::is_sorted(memory.classes.begin(), memory.classes.end()));
      for (const auto& [label, centroids] : expected) REQUIRE(centroids_of(memory, label) == centroids);
      const std::vector<double> similarity = prototype_similarity(policy, memory, table, labels);
      const Kept kept = prototype_filter(policy, table, labels, k, 0.7, {.seed = 77});
      for (std::size_t n = 0; n < labels.size(); ++n) {
        double largest = -1;
        for (const oracle::Vector& centroid : expected.at(labels[n]))
          largest = std::max(largest, oracle::cosine(features[n], centroid));
        REQUIRE(similarity[n] == largest);
        REQUIRE(kept[static_cast<Eigen::Index>(n)] == (largest >= 0.7));
      }
      const auto small = (table.abs() < 1e30).select(table, 1.0).cast<float>().eval();
      REQUIRE((fit_prototypes(policy, small, labels, k).centroids ==
               fit_prototypes(policy, small.cast<double>(), labels, k).centroids)
                  .all());
      REQUIRE(prototype_similarity(policy, memory, small, labels) ==
              prototype_similarity(policy, memory, small.cast<double>(), labels));
    });
  }
}

TEST_CASE("other classes, their order and their names change nothing") {
  oracle::Random random(752);
  for (int round = 0; round < 20; ++round) {
    const oracle::Vectors features = oracle::random_vectors(random, 60, 5);
    ClassLabels labels;
    for (int n = 0; n < 60; ++n) labels.push_back(random.below(4));
    const oracle::Vectors expected = centroids_of(memory_of(features, labels, 3), 1);
    oracle::Vectors own, mixed = features;
    for (std::size_t n = 0; n < 60; ++n)
      if (labels[n] == 1) own.push_back(features[n]);
    if (own.empty()) continue;
    CHECK(centroids_of(memory_of(own, ClassLabels(own.size(), 9), 3), 9) == expected);
    // Instances of other classes change places with each other.
    ClassLabels swapped = labels;
    for (int swap = 0; swap < 200; ++swap) {
      const auto a = static_cast<std::size_t>(random.below(60)),
                 b = static_cast<std::size_t>(random.below(60));
      if (swapped[a] == 1 || swapped[b] == 1) continue;
      std::swap(mixed[a], mixed[b]);
      std::swap(swapped[a], swapped[b]);
    }
    CHECK(centroids_of(memory_of(mixed, swapped, 3), 1) == expected);
  }
}

TEST_CASE("every class has at least one centroid and at most k, and with enough of them nothing is dropped") {
  oracle::Random random(753);
  for (int round = 0; round < 30; ++round) {
    const oracle::Vectors features = oracle::random_vectors(random, 40, 6);
    ClassLabels labels;
    for (int n = 0; n < 40; ++n) labels.push_back(random.below(6));
    const PrototypeMemory memory = memory_of(features, labels, 4);
    for (const std::int64_t label : labels) {
      const std::size_t count = centroids_of(memory, label).size();
      CHECK((count >= 1 && count <= 4));
    }
    const Table table = oracle::table_of(features, 6);
    const std::vector<double> similarity =
        prototype_similarity(exec::Seq{}, memory_of(features, labels, 40), table, labels);
    for (std::size_t n = 0; n < features.size(); ++n)
      CHECK(similarity[n] == doctest::Approx(features[n] == oracle::Vector(6) ? 0 : 1));
  }
}

TEST_CASE("zeros are left out, and a class of nothing else has a centroid of zeros") {
  const oracle::Vectors features{{0, 0}, {1, 0}, {0, 0}, {0, 0}};
  const ClassLabels labels{1, 1, 1, 2};
  const PrototypeMemory memory = memory_of(features, labels, 3);
  CHECK(centroids_of(memory, 1) == oracle::Vectors{{1, 0}});
  CHECK(centroids_of(memory, 2) == oracle::Vectors{{0, 0}});
  CHECK(prototype_similarity(exec::Seq{}, memory, oracle::table_of({{0, 0}, {-1, 0}, {1, 0}}, 2),
                             ClassLabels{1, 1, 2}) == std::vector<double>{0, -1, 0});
}

TEST_CASE("numbers of any size have the same prototypes") {
  oracle::Random random(754);
  oracle::Vectors features = oracle::random_vectors(random, 30, 4), scaled;
  for (oracle::Vector& row : features) {
    row = oracle::direction(row);
    scaled.push_back(row);
    const double scale = random.any_of(std::vector{0x1p700, 1.0, 0x1p-700, 0x1p3});
    for (double& x : scaled.back()) x *= scale;
  }
  const ClassLabels labels(30, 0);
  CHECK((memory_of(features, labels, 3).centroids == memory_of(scaled, labels, 3).centroids).all());
}

TEST_CASE("a memory may hold its centroids in any order") {
  const PrototypeMemory memory{oracle::table_of({{1, 0}, {0, 1}, {0, -5}}, 2), {8, 2, 8}};
  CHECK(prototype_similarity(exec::Seq{}, memory, oracle::table_of({{0, -1}, {0, -1}}, 2),
                             ClassLabels{8, 2}) == std::vector<double>{1, -1});
}

TEST_CASE("without instances there is nothing to remember or to drop") {
  const PrototypeMemory memory = fit_prototypes(exec::Seq{}, Table(0, 5), ClassLabels{}, 3);
  CHECK(memory.centroids.rows() == 0);
  CHECK(memory.centroids.cols() == 5);
  CHECK(prototype_similarity(exec::Seq{}, memory, Table(0, 5), ClassLabels{}).empty());
  CHECK(prototype_filter(exec::Seq{}, Table(0, 5), ClassLabels{}, 3).size() == 0);
}

TEST_CASE("what does not fit, numbers that are none and unknown classes are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Table two = Table::Ones(2, 3);
  const auto fit = [&](const Table& features, const ClassLabels& labels, std::int64_t k = 2) {
    return oracle::error_of([&] { return fit_prototypes(exec::Seq{}, features, labels, k); });
  };
  CHECK(fit(two, {1}) == "labels has 1 entries, expected one per row of features (2)");
  CHECK(fit(two, {1, 1}, 0) == "k is 0, expected at least 1");
  CHECK(fit(two, {1, 1}, -3) == "k is -3, expected at least 1");
  CHECK(fit(two * nan, {1, 1}) == "features[0, 0] is NaN, expected a number");
  CHECK(oracle::error_of([&] {
          return fit_prototypes(exec::Seq{}, two, ClassLabels{1, 1}, 2, {.max_iterations = -1});
        }) == "max_iterations is -1, expected at least 0");
  CHECK(oracle::error_of([&] { return prototype_filter(exec::Seq{}, two, ClassLabels{1, 1}, 2, nan); }) ==
        "threshold is NaN, expected a number");

  const auto compare = [&](const PrototypeMemory& memory, const Table& features, const ClassLabels& labels) {
    return oracle::error_of([&] { return prototype_similarity(exec::Seq{}, memory, features, labels); });
  };
  const PrototypeMemory memory{two, {3, 5}};
  CHECK(compare(memory, two, {3, 4}) == "labels[1] is 4, expected a class that has centroids (3, 5)");
  CHECK(compare({Table::Ones(9, 3), {1, 2, 3, 4, 5, 6, 7, 8, 9}}, two, {3, 10}) ==
        "labels[1] is 10, expected a class that has centroids (1, 2, 3, 4, 5, 6, 7, 8, ..)");
  CHECK(compare({Table(0, 3), {}}, two, {3, 4}) == "labels[0] is 3, expected none: there are no centroids");
  CHECK(compare(memory, two, {3}) == "labels has 1 entries, expected one per row of features (2)");
  CHECK(compare(memory, Table::Ones(2, 4), {3, 5}) ==
        "features has 4 columns, expected as many as centroids (3)");
  CHECK(compare({two, {3}}, two, {3, 3}) == "classes has 1 entries, expected one per centroid (2)");
  CHECK(compare({two * nan, {3, 5}}, two, {3, 3}) == "centroids[0, 0] is NaN, expected a number");
  CHECK(compare(memory, two * nan, {3, 3}) == "features[0, 0] is NaN, expected a number");
}
