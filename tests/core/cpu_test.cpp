#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vislabel/core/cpu.hpp>

namespace {

/// The output of this very program, run on one (otherwise skipped) test case under an environment variable:
/// the choice of kernels is made once per process.
std::string output_of_child(const std::string& environment) {
  const std::string command = environment + " /proc/" + std::to_string(getpid()) +
                              "/exe --no-skip --no-version --no-colors --test-case='child: *' 2>&1";
  std::string output;
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output.push_back(static_cast<char>(c));
  pclose(pipe);
  return output;
}

}  // namespace

TEST_CASE("child: say which kernels were chosen" * doctest::skip()) {
  std::string message;
  try {
    message = vislabel::detail::kernels().isa;
  } catch (const vislabel::Error& error) {
    message = error.what();
  }
  MESSAGE("chosen: <", message, ">");
}

TEST_CASE("the kernels are chosen once") {
  CHECK(&vislabel::detail::kernels() == &vislabel::detail::kernels());
}

TEST_CASE("VISLABEL_ISA chooses any table that this machine can run, and the last one is the default") {
  const auto tables = vislabel::detail::available_kernels();
  for (const auto& table : tables) {
    const std::string isa = table.isa;
    CHECK(output_of_child("VISLABEL_ISA=" + isa).find("chosen: <" + isa + ">") != std::string::npos);
  }
  CHECK(output_of_child("env -u VISLABEL_ISA").find("chosen: <" + std::string(tables.back().isa) + ">") !=
        std::string::npos);
}

TEST_CASE("an unknown VISLABEL_ISA is an error that names it and the known ones") {
  const std::string output = output_of_child("VISLABEL_ISA=mmx");
  CHECK(output.find("chosen: <VISLABEL_ISA is 'mmx', expected what this machine can run: portable") !=
        std::string::npos);
}
