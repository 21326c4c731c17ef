// Masks that are on a GPU already: packed there, compared there, and brought home as run lengths. Every
// function takes the caller's memory and stream, and returns at once. Status 77: no device here.
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/cuda/iou/common_pixels.cuh>
#include <vislabel/cuda/iou/iou.cuh>
#include <vislabel/cuda/mask/measure.cuh>
#include <vislabel/cuda/mask/pack.cuh>
#include <vislabel/cuda/mask/runs.cuh>
#include <vislabel/mask/changes.hpp>
#include <vislabel/mask/convert.hpp>

namespace vl = vislabel;

template <class T>
struct OnDevice {  // memory of the device, for as long as the object lives
  T* data = nullptr;
  explicit OnDevice(std::size_t count) { cudaMalloc(&data, count * sizeof(T)); }
  OnDevice(const OnDevice&) = delete;
  ~OnDevice() { cudaFree(data); }
};

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return 77;
  const std::array<std::int64_t, 4> shape{1, 3, 120, 160};  // three masks: squares, each further to the right
  std::vector<std::uint8_t> bytes(3 * 120 * 160);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t n = i / (120 * 160), y = i / 160 % 120, x = i % 160;
    bytes[i] = y >= 20 && y < 60 && x >= 30 + 10 * n && x < 70 + 10 * n ? 1 : 0;
  }
  cudaStream_t stream = nullptr;
  cudaStreamCreate(&stream);
  const OnDevice<std::uint8_t> dense(bytes.size());
  cudaMemcpyAsync(dense.data, bytes.data(), bytes.size(), cudaMemcpyHostToDevice, stream);

  const vl::cuda::Layout layout(vl::Size{120, 160});
  const OnDevice<std::uint32_t> words(3 * static_cast<std::size_t>(layout.words())), before(3 * 160);
  const OnDevice<std::int64_t> areas(3), common(9), changes(3), begin(4);
  const OnDevice<vl::cuda::PixelBox> boxes(3);
  const OnDevice<double> iou(9);
  const std::uint8_t* const pixels = dense.data;
  vl::cuda::pack(vl::pixels(pixels, shape), vl::cuda::NonZero(), words.data, stream);
  vl::cuda::measure(words.data, layout, 3, areas.data, boxes.data, stream);
  const vl::cuda::DeviceMasks masks{words.data, areas.data, boxes.data, 3, layout};
  vl::cuda::common_pixels(masks, masks, 1, common.data, vl::cuda::PairOrder::frames_last, stream);
  const vl::cuda::TrackAreas each{areas.data, 3};
  vl::cuda::frame_iou(common.data, each, each, 1, nullptr, vl::EmptyPair::zero, iou.data, stream);
  vl::cuda::count_changes(words.data, layout, 3, before.data, changes.data, begin.data, stream);

  std::array<double, 9> table{};
  vl::Changes home;
  home.begin.resize(4);
  cudaMemcpyAsync(table.data(), iou.data, sizeof table, cudaMemcpyDeviceToHost, stream);
  cudaMemcpyAsync(home.begin.data(), begin.data, 4 * sizeof(std::int64_t), cudaMemcpyDeviceToHost, stream);
  cudaStreamSynchronize(stream);
  home.places.resize(static_cast<std::size_t>(home.begin.back()));
  const OnDevice<std::uint32_t> places(home.places.size());
  vl::cuda::write_changes(words.data, layout, 3, before.data, begin.data, places.data, stream);
  cudaMemcpy(home.places.data(), places.data, home.places.size() * sizeof(std::uint32_t),
             cudaMemcpyDeviceToHost);
  const vl::Masks packed = vl::from_changes(vl::exec::Seq{}, home.begin, home.places, {120, 160});
  cudaStreamDestroy(stream);

  std::printf("IoU of neighbours %.3f, text of the first mask %s\n", table[1],
              vl::to_text(vl::exec::Seq{}, packed)[0].c_str());
  const std::uint8_t* const here = bytes.data();
  const auto host = vl::pixels(here, std::array<std::int64_t, 3>{3, 120, 160});
  const bool same = packed == vl::pack(vl::exec::Seq{}, host);
  return same && table[1] == 0.6 ? 0 : 1;
}
