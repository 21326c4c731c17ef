// Between dense masks, run lengths, text and blocks. Time per batch; items are masks.
#include <benchmark/benchmark.h>

#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/measure.hpp>
#include <vislabel/mask/rle_string.hpp>

#include "../bench_masks.hpp"

namespace {

using bench::Dense;
using bench::hd;
using bench::Order;
using vislabel::Rle;
using vislabel::exec::Seq;

constexpr std::int64_t count = 16;  // dense, they fit into a cache of 32 MiB

std::vector<Rle> smooth() { return bench::masks(count); }
std::vector<Rle> ragged() { return bench::masks(count, 1.5); }
std::vector<Rle> coins() { return bench::noise(4); }

template <class F>
void per_mask(benchmark::State& state, std::size_t masks, F f) {
  for (auto _ : state) benchmark::DoNotOptimize(f());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(masks));
}

void pack_dense(benchmark::State& state, std::vector<Rle> (*make)(), Order order) {
  const auto rles = make();
  const Dense dense(rles, order);
  per_mask(state, rles.size(), [&] { return pack(Seq{}, dense.pixels); });
}

void encode(benchmark::State& state, std::vector<Rle> (*make)(), Order order) {
  const auto rles = make();
  const Dense dense(rles, order);
  if (to_rle(Seq{}, pack(Seq{}, dense.pixels)) != rles) state.SkipWithError("not the masks that were packed");
  per_mask(state, rles.size(), [&] {
    std::size_t length = 0;
    for (const Rle& rle : to_rle(Seq{}, pack(Seq{}, dense.pixels))) length += vislabel::to_text(rle).size();
    return length;
  });
}

void decode(benchmark::State& state, std::vector<Rle> (*make)(), Order order) {
  const auto rles = make();
  Dense dense(rles, order);
  auto out = vislabel::pixels(dense.bytes.data(), dense.pixels.shape);
  out.strides = dense.pixels.strides;
  per_mask(state, rles.size(), [&] {
    to_dense(Seq{}, pack(Seq{}, hd, rles), out);
    benchmark::ClobberMemory();
    return out.data;
  });
}

void pack_runs(benchmark::State& state, std::vector<Rle> (*make)()) {
  const auto rles = make();
  per_mask(state, rles.size(), [&] { return pack(Seq{}, hd, rles); });
}

void unpack_runs(benchmark::State& state, std::vector<Rle> (*make)()) {
  const auto rles = make();
  const auto masks = pack(Seq{}, hd, rles);
  per_mask(state, rles.size(), [&] { return to_rle(Seq{}, masks); });
}

void read_text(benchmark::State& state, std::vector<Rle> (*make)()) {
  const auto rles = make();
  std::vector<std::string> texts;
  for (const Rle& rle : rles) texts.push_back(vislabel::to_text(rle));
  per_mask(state, rles.size(), [&] {
    std::size_t runs = 0;
    for (const auto& text : texts) runs += vislabel::from_text(hd, text).counts().size();
    return runs;
  });
}

void write_text(benchmark::State& state, std::vector<Rle> (*make)()) {
  const auto rles = make();
  per_mask(state, rles.size(), [&] {
    std::size_t length = 0;
    for (const Rle& rle : rles) length += vislabel::to_text(rle).size();
    return length;
  });
}

void area_and_box(benchmark::State& state, std::vector<Rle> (*make)()) {
  const auto rles = make();
  per_mask(state, rles.size(), [&] {
    double sum = 0;
    for (const Rle& rle : rles) sum += static_cast<double>(vislabel::area(rle)) + vislabel::box(rle).width;
    return sum;
  });
}

BENCHMARK_CAPTURE(pack_dense, rows_smooth, smooth, Order::rows);
BENCHMARK_CAPTURE(pack_dense, rows_coins, coins, Order::rows);
BENCHMARK_CAPTURE(pack_dense, columns_smooth, smooth, Order::columns);
BENCHMARK_CAPTURE(pack_dense, columns_coins, coins, Order::columns);
BENCHMARK_CAPTURE(encode, rows_smooth, smooth, Order::rows);
BENCHMARK_CAPTURE(encode, rows_coins, coins, Order::rows);
BENCHMARK_CAPTURE(encode, columns_smooth, smooth, Order::columns);
BENCHMARK_CAPTURE(encode, columns_coins, coins, Order::columns);
BENCHMARK_CAPTURE(decode, rows_smooth, smooth, Order::rows);
BENCHMARK_CAPTURE(decode, rows_coins, coins, Order::rows);
BENCHMARK_CAPTURE(decode, columns_smooth, smooth, Order::columns);
BENCHMARK_CAPTURE(pack_runs, smooth, smooth);
BENCHMARK_CAPTURE(pack_runs, ragged, ragged);
BENCHMARK_CAPTURE(pack_runs, coins, coins);
BENCHMARK_CAPTURE(unpack_runs, smooth, smooth);
BENCHMARK_CAPTURE(unpack_runs, ragged, ragged);
BENCHMARK_CAPTURE(read_text, smooth, smooth);
BENCHMARK_CAPTURE(write_text, smooth, smooth);
BENCHMARK_CAPTURE(area_and_box, smooth, smooth);

}  // namespace
