//! Which contests does a request name?
//!
//! Workloads with parameters, each at every load and placement that was asked for, or else at the suite's. It
//! must not know runners. Next: [`super::plan`].

use super::{
    selection::{Request, matching},
    suites::{Extra, Suite},
};
use simul_results::{Arrivals, Load, Placement};
use simul_workloads::{Parameters, Profile, registry};

/// Where a sweep begins unless told otherwise: below what any runner saturates at, and 2,000 arrivals in the
/// shortest slice. At random, since a single server shows no queue under even arrivals until it is saturated.
const SWEEP: Load = Load::Sweep { from_per_sec: 1000, arrivals: Arrivals::Poisson };

/// A contest to be planned.
pub(super) struct Entry {
    pub(super) profile: &'static Profile,
    pub(super) parameters: Parameters,
    pub(super) load: Load,
    pub(super) placement: Option<Placement>,
}

pub(super) fn entries(request: &Request, suite: &Suite) -> Result<Vec<Entry>, String> {
    let mut wanted: Vec<(String, Extra)> = Vec::new();
    if request.workloads.is_empty() {
        wanted.extend(suite.contests().map(|extra| (extra.workload.to_owned(), extra)));
    }
    let names: Vec<&str> = registry::ALL.iter().map(|profile| profile.name).collect();
    for text in &request.workloads {
        let (pattern, parameters) = text.split_once(':').map_or((&**text, ""), |(p, q)| (p, q));
        for workload in matching(pattern, "workload", &names, &[])? {
            let colon = if parameters.is_empty() { "" } else { ":" };
            let extra = Extra { workload, load: None, placement: None };
            wanted.push((format!("{workload}{colon}{parameters}"), extra));
        }
    }
    let mut entries = Vec::new();
    for (text, extra) in wanted {
        let Some(profile) = registry::find(extra.workload) else { continue };
        let parameters = Parameters::parse(profile, text.split(':').skip(1))
            .map_err(|error| format!("{error}; see: simul list workloads"))?;
        let usual = extra.load.unwrap_or(Load::Closed(profile.actors));
        for load in or(&request.loads, usual) {
            let load = if request.sweep { raised(load, &request.loads)? } else { load };
            let placements: Vec<_> = request.placements.iter().copied().map(Some).collect();
            for placement in or(&placements, extra.placement) {
                entries.push(Entry { profile, parameters: parameters.clone(), load, placement });
            }
        }
    }
    Ok(entries)
}

/// What was asked for, or else the usual.
fn or<T: Copy>(asked: &[T], usual: T) -> Vec<T> {
    if asked.is_empty() { vec![usual] } else { asked.to_vec() }
}

/// The sweep that begins at a load.
fn raised(load: Load, asked: &[Load]) -> Result<Load, String> {
    match load {
        Load::Closed(_) if asked.is_empty() => Ok(SWEEP),
        Load::Closed(_) => Err(format!(
            "--sweep raises an open load, and '{load}' is closed; leave it out, or start from another such \
             as --load open-500-poisson"
        )),
        Load::Open { rate_per_sec, arrivals } => {
            Ok(Load::Sweep { from_per_sec: rate_per_sec, arrivals })
        }
        Load::Sweep { .. } => Ok(load),
    }
}
