// What a run waited for, from its end back to its start.
#pragma once

#include <string>
#include <vector>

#include "plan/run_record.h"

namespace vmlab {

/// Ids of the steps that decided how long the run took, first to last: from the step that ended
/// last back to what each waited for, a dependency or a place in its pool. No two overlap.
std::vector<std::string> critical_path(const RunRecord& record);

}  // namespace vmlab
