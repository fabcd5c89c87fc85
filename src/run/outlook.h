// What is known before anything is done: what a plan needs of this host, and how long it takes.
#pragma once

#include "plan/forecast.h"
#include "run/reporter.h"
#include "run/session.h"

namespace vmlab {

struct Outlook {
  Plan plan;
  Resources resources;
  Forecast forecast;
};

/// What `up` would do, and what that comes to.
Outlook look_ahead(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop);

/// The steps that were done are what the next forecast is made from. A full disk is no failure.
void remember_durations(const Lab& lab, const Plan& plan, const RunSummary& summary,
                        const Paths& paths, System& system);

}  // namespace vmlab
