// The extension module `vislabel._core`: threads, build information and the rooms' bindings.
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <system_error>
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

/// VISLABEL_NUM_THREADS, read once, when a call first needs it: a bad value must not break the import.
int default_threads() {
  static const int given = [] {
    constexpr int most = exec::detail::most_threads;
    const char* const text = std::getenv("VISLABEL_NUM_THREADS");
    if (text == nullptr || *text == '\0') return 0;
    const char* const end = text + std::strlen(text);
    int count = -1;
    const auto [stop, error] = std::from_chars(text, end, count);
    detail::require(error == std::errc{} && stop == end && count >= 0 && count <= most,
                    "VISLABEL_NUM_THREADS is '", text, "', expected 0 (all cores) to ", most);
    return count;
  }();
  return given;
}

int most_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}
}  // namespace

exec::Omp policy() {
  const int chosen = threads.load(std::memory_order_relaxed);
  return {chosen > 0 ? chosen : default_threads()};
}

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
  module.def("get_num_threads", [] {
    const int chosen = policy().threads;
    return chosen > 0 ? chosen : most_threads();
  });
  module.def("build_info", [] {
    py::dict info;
    info["version"] = version;
    info["compiler"] = __VERSION__;
    info["openmp"] = vislabel::exec::has_openmp;
    info["isa"] = vislabel::detail::kernels().isa;
    return info;
  });
  bind_mask(module);
  bind_rle(module);
  bind_track(module);
#ifdef VISLABEL_WITHOUT_TABLES
  module.def("__getattr__", [](const std::string& name) -> py::object {
    if (name.starts_with("__")) throw py::attribute_error(name);
    throw vislabel::Error("this build of vislabel has no " + name + ": it was made without Eigen and Boost");
  });
#else
  bind_iou(module);
  bind_select(module);
  bind_fuse(module);
  bind_path(module);
  bind_loss(module);
  bind_evaluate(module);
#endif
}
