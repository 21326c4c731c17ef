/// Instance tracks of one video: N tracks over T frames, each frame a mask or absent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/resize.hpp>

namespace vislabel {

namespace detail {

/// N and T are counts whose product is a number of slots that can be.
inline void require_shape(std::int64_t count, std::int64_t frames) {
  constexpr std::int64_t most_slots = std::int64_t{1} << 32;
  require(count >= 0 && frames >= 0, count, " tracks of ", frames, " frames, expected at least 0 of both");
  require(frames == 0 || count <= most_slots / frames, count, " tracks of ", frames,
          " frames, expected at most ", most_slots, " slots");
}

/// The same, and they fit a list of `entries`.
inline void require_shape(std::int64_t count, std::int64_t frames, std::size_t entries, const char* name) {
  require_shape(count, frames);
  require(static_cast<std::int64_t>(entries) == count * frames, name, " has ", entries,
          " entries, expected N * T = ", count, " * ", frames);
}

}  // namespace detail

/// N x T slots. A slot without a mask is *absent* (no annotation there: null in a file), which is not the
/// same as a mask without pixels (*empty*: annotated, nothing to see). Cheap to copy and cut: masks share
/// their pixels.
class Tracks {
 public:
  using Slot = std::optional<PackedMask>;

  /// No tracks over no frames, of size 0 x 0.
  Tracks() = default;

  /// *Shapes*: `slots` [N, T] in C order.
  /// *Errors*: a number of slots other than N * T; a mask that reaches beyond the size.
  Tracks(Size size, std::int64_t count, std::int64_t frames, std::vector<Slot> slots)
      : size_(size), count_(count), frames_(frames), slots_(std::move(slots)) {
    detail::require_size(size);
    detail::require_shape(count, frames, slots_.size(), "slots");
    for (const Slot& slot : slots_)
      detail::require(!slot || (slot->right() <= size.width && slot->bottom() <= size.height),
                      "slots: a mask reaches beyond size ", size);
  }

  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] std::int64_t count() const { return count_; }    ///< N
  [[nodiscard]] std::int64_t frames() const { return frames_; }  ///< T

  [[nodiscard]] const Slot& operator()(std::int64_t n, std::int64_t t) const {
    return slots_[static_cast<std::size_t>(n * frames_ + t)];
  }
  [[nodiscard]] bool present(std::int64_t n, std::int64_t t) const { return (*this)(n, t).has_value(); }
  /// Set pixels; absent: 0.
  [[nodiscard]] std::int64_t area(std::int64_t n, std::int64_t t) const {
    const Slot& slot = (*this)(n, t);
    return slot ? slot->area() : 0;
  }
  /// Set pixels of track n over all frames.
  [[nodiscard]] std::int64_t volume(std::int64_t n) const {
    std::int64_t sum = 0;
    for (std::int64_t t = 0; t < frames_; ++t) sum += area(n, t);
    return sum;
  }

  /// The tracks with the given indices, in that order.
  ///
  /// *Errors*: an index outside [0, N).
  [[nodiscard]] Tracks select(std::span<const std::int64_t> indices) const {
    std::vector<Slot> slots;
    slots.reserve(indices.size() * static_cast<std::size_t>(frames_));
    for (const std::int64_t n : indices) {
      detail::require(n >= 0 && n < count_, "track ", n, " is outside [0, ", count_, ")");
      slots.insert(slots.end(), slots_.begin() + n * frames_, slots_.begin() + (n + 1) * frames_);
    }
    return {size_, static_cast<std::int64_t>(indices.size()), frames_, std::move(slots)};
  }

  /// The given frames of every track, in that order.
  ///
  /// *Errors*: an index outside [0, T).
  [[nodiscard]] Tracks select_frames(std::span<const std::int64_t> frames) const {
    for (const std::int64_t t : frames)
      detail::require(t >= 0 && t < frames_, "frame ", t, " is outside [0, ", frames_, ")");
    std::vector<Slot> slots;
    slots.reserve(static_cast<std::size_t>(count_) * frames.size());
    for (std::int64_t n = 0; n < count_; ++n)
      for (const std::int64_t t : frames) slots.push_back((*this)(n, t));
    return {size_, count_, static_cast<std::int64_t>(frames.size()), std::move(slots)};
  }

  /// The masks of frame t, absent ones as empty masks, so that mask n belongs to track n.
  [[nodiscard]] Masks frame(std::int64_t t) const {
    detail::require(t >= 0 && t < frames_, "frame ", t, " is outside [0, ", frames_, ")");
    std::vector<PackedMask> masks;
    for (std::int64_t n = 0; n < count_; ++n) masks.push_back((*this)(n, t).value_or(PackedMask{}));
    return {size_, std::move(masks)};
  }

  /// The masks of track n, absent ones as empty masks, so that mask t belongs to frame t.
  [[nodiscard]] Masks track(std::int64_t n) const {
    detail::require(n >= 0 && n < count_, "track ", n, " is outside [0, ", count_, ")");
    std::vector<PackedMask> masks;
    for (std::int64_t t = 0; t < frames_; ++t) masks.push_back((*this)(n, t).value_or(PackedMask{}));
    return {size_, std::move(masks)};
  }

  /// Bytes of memory held, shared or not.
  [[nodiscard]] std::size_t memory() const {
    std::size_t sum = sizeof(*this) + slots_.size() * (sizeof(Slot) - sizeof(PackedMask));
    for (const Slot& slot : slots_) sum += slot ? slot->memory() : sizeof(PackedMask);
    return sum;
  }

  friend bool operator==(const Tracks&, const Tracks&) = default;

 private:
  Size size_;
  std::int64_t count_ = 0, frames_ = 0;
  std::vector<Slot> slots_;
};

namespace detail {

inline void require_same_video(const Tracks& a, const Tracks& b) {
  require_same_size(a.size(), b.size());
  require(a.frames() == b.frames(), "tracks of ", a.frames(), " and ", b.frames(),
          " frames, expected the same number");
}

/// The same, where the caller has names for both.
inline void require_same_video(const Tracks& a, const char* name, const Tracks& b, const char* other) {
  require(a.size() == b.size() && a.frames() == b.frames(), name, " has ", a.frames(), " frames of ",
          a.size(), ", expected ", b.frames(), " of ", b.size(), " as ", other);
}

/// Slots from masks in C order, those with a zero in `present` (if it is not empty) absent.
[[nodiscard]] inline std::vector<Tracks::Slot> slots_of(std::vector<PackedMask> masks,
                                                        std::span<const std::uint8_t> present) {
  std::vector<Tracks::Slot> slots(masks.size());
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (present.empty() || present[i] != 0) slots[i] = std::move(masks[i]);
  return slots;
}

template <class T>
void require_flags(std::span<const std::uint8_t> present, const Pixels<const T, 4>& dense) {
  require(present.empty() || static_cast<std::int64_t>(present.size()) == dense.count(), "present has ",
          present.size(), " entries, expected N * T = ", dense.shape[0], " * ", dense.shape[1]);
}

template <class P, class T, class IsSet>
[[nodiscard]] Tracks pack_tracks(P policy, const Pixels<const T, 4>& dense,
                                 std::span<const std::uint8_t> present, IsSet is_set) {
  require_flags(present, dense);
  return {dense.size(), dense.shape[0], dense.shape[1], slots_of(pack_all(policy, dense, is_set), present)};
}

}  // namespace detail

/// Packs dense tracks: non-zero is set.
///
/// *Shapes*: `dense` [N, T, H, W], any strides; `present` [N, T] in C order, 0 marks an absent slot, or
/// empty: all are present.
template <exec::Policy P, class T>
[[nodiscard]] Tracks pack(P policy, const Pixels<const T, 4>& dense,
                          std::span<const std::uint8_t> present = {}) {
  return detail::pack_tracks(policy, dense, present, detail::NonZero{});
}

/// Packs tracks of numbers (logits, probabilities): set where value > threshold.
///
/// *Shapes*: as for `pack`.
template <exec::Policy P, class T>
[[nodiscard]] Tracks pack_above(P policy, const Pixels<const T, 4>& values, double threshold,
                                std::span<const std::uint8_t> present = {}) {
  detail::require(!std::isnan(threshold), "threshold is NaN, expected a number");
  return detail::pack_tracks(policy, values, present, detail::Above<T>(threshold));
}

/// Packs tracks of numbers (logits) at another resolution: set where the bilinearly resized map > threshold.
///
/// *Shapes*: `values` [N, T, h, w], any strides; `present` as for `pack`; out [N, T] of `size`.
/// *Units and conventions*, *Errors*: as for `pack_resized` of masks.
template <exec::Policy P, std::floating_point T>
[[nodiscard]] Tracks pack_resized(P policy, const Pixels<const T, 4>& values, Size size, double threshold,
                                  std::span<const std::uint8_t> present = {}) {
  detail::require_flags(present, values);
  return {size, values.shape[0], values.shape[1],
          detail::slots_of(detail::pack_all_resized(policy, values, size, threshold), present)};
}

/// Packs run-length encoded tracks.
///
/// *Shapes*: `rles` [N, T] in C order, each of `size` or absent.
/// *Errors*: an Rle of another size; a number of entries other than N * T.
template <exec::Policy P>
[[nodiscard]] Tracks pack(P policy, Size size, std::int64_t count, std::int64_t frames,
                          std::span<const std::optional<Rle>> rles) {
  detail::require_size(size);
  detail::require_shape(count, frames, rles.size(), "rles");
  for (std::size_t i = 0; i < rles.size(); ++i)
    detail::require(!rles[i] || rles[i]->size() == size, "rles[", i / static_cast<std::size_t>(frames), "][",
                    i % static_cast<std::size_t>(frames), "] has another size than ", size);
  std::vector<Tracks::Slot> slots(rles.size());
  exec::for_each(
      policy, static_cast<std::int64_t>(rles.size()), 3'000, [&] { return detail::RunPacker(size); },
      [&](detail::RunPacker& packer, std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        if (rles[k]) slots[k] = packer.pack(rles[k]->counts());
      });
  return {size, count, frames, std::move(slots)};
}

/// The run lengths of every slot.
///
/// *Shapes*: out [N, T] in C order.
template <exec::Policy P>
[[nodiscard]] std::vector<std::optional<Rle>> to_rle(P policy, const Tracks& tracks) {
  std::vector<std::optional<Rle>> rles(static_cast<std::size_t>(tracks.count() * tracks.frames()));
  exec::for_each(
      policy, static_cast<std::int64_t>(rles.size()), 3'000, [&] { return detail::RunWriter(tracks.size()); },
      [&](detail::RunWriter& writer, std::int64_t i) {
        const Tracks::Slot& slot = tracks(i / tracks.frames(), i % tracks.frames());
        if (slot)
          rles[static_cast<std::size_t>(i)] = detail::RleAccess::trusted(tracks.size(), writer.write(*slot));
      });
  return rles;
}

/// Writes every slot as 0 and 1 into a dense array; absent: all 0.
///
/// *Shapes*: `out` [N, T, H, W], any strides; every element is written.
template <exec::Policy P, class T>
  requires(!std::is_const_v<T>)
void to_dense(P policy, const Tracks& tracks, const Pixels<T, 4>& out) {
  detail::require(
      out.shape[0] == tracks.count() && out.shape[1] == tracks.frames() && out.size() == tracks.size(),
      "out has shape [", out.shape[0], ", ", out.shape[1], ", ", out.shape[2], ", ", out.shape[3],
      "], expected [", tracks.count(), ", ", tracks.frames(), ", ", tracks.size().height, ", ",
      tracks.size().width, "]");
  if (tracks.size().pixels() == 0) return;  // then `out` may have no address
  exec::for_each(policy, out.count(), tracks.size().pixels() / 16 + 100, [&](std::int64_t i) {
    detail::unpack(tracks(i / tracks.frames(), i % tracks.frames()).value_or(PackedMask{}), out.image(i));
  });
}

/// All tracks of the videos' parts, one after the other.
///
/// *Errors*: different sizes or numbers of frames.
[[nodiscard]] inline Tracks concatenate(const Tracks& a, const Tracks& b) {
  detail::require_same_video(a, b);
  std::vector<Tracks::Slot> slots;
  slots.reserve(static_cast<std::size_t>((a.count() + b.count()) * a.frames()));
  for (const Tracks* part : {&a, &b})
    for (std::int64_t n = 0; n < part->count(); ++n)
      for (std::int64_t t = 0; t < part->frames(); ++t) slots.push_back((*part)(n, t));
  return {a.size(), a.count() + b.count(), a.frames(), std::move(slots)};
}

}  // namespace vislabel
