// What guests of a FakeWorld answer when a lab's gates ask them: a cluster that works once its
// nodes are installed. All of it derives from the marks on the nodes' disks, so that it survives
// power cuts as a real one does.
#pragma once

#include <string>

#include "lab/lab.h"
#include "support/fake_world.h"

namespace vmlab::test {

/// Sets `world.answer` and `world.answer_http` for `lab`, which must outlive the world's use.
void serve_cluster(FakeWorld& world, const Lab& lab);

}  // namespace vmlab::test
