/// The one exception of the library. Every public entry validates its arguments once, before any parallel
/// region, and throws `Error` with a message that names the argument, what was given and what was expected.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace vislabel {

/// Bad input. Python sees `vislabel.Error`, a ValueError.
class Error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

namespace detail {

/// Writes its arguments one after the other (libstdc++ 12 has no std::format).
template <class... Parts>
[[nodiscard]] std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws `Error` with the given parts as its message. By value and out of line, so that the values of a hot
/// loop stay in registers until something is wrong.
template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(Parts... parts) {
  throw Error(text(parts...));
}

/// Throws `Error` with the given parts as its message unless `condition` holds.
template <class... Parts>
[[gnu::always_inline]] inline void require(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(parts...);
}

}  // namespace detail
}  // namespace vislabel
