# Sanitizers in everything that is built here. The first defect ends the program. Presets and ./dev set it:
#   address,undefined   thread   fuzzer-no-link,address,undefined
set(VISLABEL_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")
if(VISLABEL_SANITIZE)
  add_compile_options(-fsanitize=${VISLABEL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${VISLABEL_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  if(VISLABEL_SANITIZE MATCHES "address" AND NOT VISLABEL_SANITIZE MATCHES "fuzzer")  # libFuzzer has vectors without
    add_compile_definitions(_GLIBCXX_SANITIZE_VECTOR)  # also what a vector has reserved and does not use
  endif()
endif()
