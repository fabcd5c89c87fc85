// Why a task of the installation failed, from what it printed. See Explain in dcos/install.h.
#pragma once

#include <string>

namespace vmlab {

std::string explain_genconf(int exit_code, const std::string& out, const std::string& err);
std::string explain_serve(int exit_code, const std::string& out, const std::string& err);
std::string explain_preflight(int exit_code, const std::string& out, const std::string& err);
std::string explain_install(int exit_code, const std::string& out, const std::string& err);

}  // namespace vmlab
