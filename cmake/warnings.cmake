# The warnings of this project's own targets; users of the headers get none of these flags.
add_library(vislabel_warnings INTERFACE)
target_compile_options(vislabel_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow
                                                   $<$<BOOL:${VISLABEL_WARNINGS_AS_ERRORS}>:-Werror>)
