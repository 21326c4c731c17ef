// The extension module `vislabel._core`: threads, build information and the rooms' bindings.
#include <atomic>
#include <vislabel/core/cpu.hpp>
#include <vislabel/version.hpp>

#include "bindings.hpp"

#define VISLABEL_TEXT_(x) #x
#define VISLABEL_TEXT(x) VISLABEL_TEXT_(x)

namespace vislabel::python {
namespace {
std::atomic<int> threads{0};

constexpr const char* version = VISLABEL_TEXT(VISLABEL_VERSION_MAJOR) "." VISLABEL_TEXT(
    VISLABEL_VERSION_MINOR) "." VISLABEL_TEXT(VISLABEL_VERSION_PATCH);

int most_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}
}  // namespace

exec::Omp policy() { return {threads.load(std::memory_order_relaxed)}; }

}  // namespace vislabel::python

PYBIND11_MODULE(_core, module) {
  using namespace vislabel::python;
  module.doc() =
      "Packed masks and the algorithms on them. Use `vislabel`, which documents and types everything.";
  py::register_exception<vislabel::Error>(module, "Error", PyExc_ValueError);
  module.attr("__version__") = version;
  module.def("set_num_threads", [](int count) {
    constexpr int most = vislabel::exec::detail::most_threads;
    vislabel::detail::require(count >= 0 && count <= most, "n is ", count, ", expected 0 (all cores) to ",
                              most);
    threads.store(count, std::memory_order_relaxed);
  });
  module.def("get_num_threads", [] { return threads.load() > 0 ? threads.load() : most_threads(); });
  module.def("build_info", [] {
    py::dict info;
    info["version"] = version;
    info["compiler"] = __VERSION__;
    info["openmp"] = vislabel::exec::has_openmp;
    info["isa"] = vislabel::detail::kernels().isa;
    info["cuda"] = false;
    return info;
  });
  bind_mask(module);
  bind_rle(module);
  bind_track(module);
  bind_iou(module);
  bind_select(module);
}
