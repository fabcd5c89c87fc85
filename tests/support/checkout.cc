#include "support/checkout.h"

namespace vmlab::test {

std::filesystem::path project_dir() {
  return VMLAB_PROJECT_DIR;
}

}  // namespace vmlab::test
