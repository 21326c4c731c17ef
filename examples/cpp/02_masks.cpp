// Packed masks: in from run lengths, boolean operations, IoU, out again.
#include <iostream>
#include <vector>
#include <vislabel/mask/rle_string.hpp>
#include <vislabel/vislabel.hpp>

int main() {
  namespace vl = vislabel;
  const vl::Size size{6, 8};
  // Run lengths down the columns, zeros first: a 3 x 3 and a 4 x 4 square that overlap.
  const std::vector<std::int64_t> small{7, 3, 3, 3, 3, 3, 26}, large{14, 4, 2, 4, 2, 4, 2, 4, 12};
  const std::vector<vl::Rle> rles{vl::Rle::from_counts<std::int64_t>(size, small),
                                  vl::Rle::from_counts<std::int64_t>(size, large)};
  const vl::Masks masks = vl::pack(vl::exec::Seq{}, size, rles);
  std::cout << "IoU\n" << vl::mask_iou(vl::exec::Seq{}, masks, masks) << '\n';

  const vl::PackedMask both = vl::unite_all(masks);
  std::cout << both.area() << " pixels together: " << vl::to_text(vl::to_rle(both, size)) << '\n';
  try {
    static_cast<void>(vl::from_text({6, 9}, vl::to_text(rles[0])));
  } catch (const vl::Error& error) {
    std::cout << "as expected: " << error.what() << '\n';
  }
}
