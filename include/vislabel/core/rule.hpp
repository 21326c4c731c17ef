/// Where a paper and the code that was published with it, or its own words and its figures, part ways.
#pragma once

namespace vislabel {

/// Whose rule an algorithm follows where the two differ; what exactly differs is said where it is an option.
enum class Rule {
  paper,      ///< what the text says
  reference,  ///< what the reference code does
};

}  // namespace vislabel
