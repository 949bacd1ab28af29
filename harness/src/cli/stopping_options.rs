//! When is a run to stop early? The options that say so, of `run`.
//!
//! They become a plain request; what stopping means for verdicts is in [`simul_results::looks`]. Read next: `run.rs`.

use super::ab_options::budget;
use crate::control::selection::Stopping;
use clap::Args;
use simul_results::looks::Wanted;
use std::time::Duration;

/// Options of `run` about stopping early.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct StoppingOptions {
    /// Look at every comparison after 6, 8, 10, 12 … blocks, up to --blocks, and measure no further what is decided
    #[arg(long)]
    adaptive: bool,
    /// What must be decided: all, p50, cpu or throughput; p90, p99 and p99.9 are judged only if they are asked for, from
    /// 12 blocks on. Implies --adaptive
    #[arg(long, value_name = "METRIC")]
    metric: Option<Wanted>,
    /// Start no block that would end later than this after the first, such as 8m. Implies --adaptive
    #[arg(long, value_name = "TIME", value_parser = budget)]
    budget: Option<Duration>,
}

impl StoppingOptions {
    /// What they ask for; `None` if nothing.
    pub(super) fn request(&self) -> Option<Stopping> {
        let Self { adaptive, metric, budget } = *self;
        let asked = adaptive || metric.is_some() || budget.is_some();
        asked.then(|| Stopping { wanted: metric.unwrap_or(Wanted::All), budget })
    }
}
