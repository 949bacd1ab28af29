//! How often would the gate have passed code that is slower, had chance dealt the same blocks otherwise?
//!
//! Takes the stored blocks of the tries of `scripts/acceptance/gate`: for each resample a try is drawn, and from its
//! two stages each time as many blocks as there can be, with replacement; then the gate looks at them as it does live,
//! after six, eight, ten and twelve, until it is decided. Prints how many resamples passed (exit code 0), were worse (100),
//! undecided (103), or had two copies that differed (104).
//!
//!     cargo run --release -p simul-results --example resampled_gate -- 10000 1 0.03 FOLDER…

use simul_results::{
    Contest, TrialRecord,
    gate::{self, LOOKS, Pair, outcome::Outcome},
    record::ContestRecord,
    store::{self, Recording},
};
use std::{collections::BTreeMap, env, error::Error, path::Path};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % count.max(1) as u64) as usize
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [count, seed, margin, folders @ ..] = arguments.as_slice() else {
        return Err("usage: resampled_gate COUNT SEED MARGIN FOLDER…".into());
    };
    let (count, margin): (u32, f64) = (count.parse()?, margin.parse()?);
    let mut random = Random(seed.parse()?);
    let mut tries = Vec::new();
    for folder in folders {
        let folder = Path::new(folder);
        let again = folder.join("again");
        let again = if again.exists() { Some(store::load_light(&again)?) } else { None };
        tries.push((store::load_light(folder)?, again));
    }
    if tries.is_empty() {
        return Err("no folders: name those of tries".into());
    }
    let mut codes = BTreeMap::new();
    for _ in 0..count {
        let (first, again) = &tries[random.below(tries.len())];
        let first = resampled(first, &[], margin, &mut random)?;
        let second = match again {
            Some(again) => resampled(again, &first, margin, &mut random)?,
            None => Vec::new(),
        };
        let code = Outcome::of(first, &second, margin).exit_code(false);
        *codes.entry(code).or_insert(0_u32) += 1;
    }
    println!("{count} resamples of {} tries, seed {seed}", tries.len());
    for (code, times) in codes {
        println!("  exit code {code}: {times}");
    }
    Ok(())
}

/// The pairs of a recording whose blocks were drawn anew, as many as the last look wants; of a second stage, after the
/// pairs of the first.
fn resampled(
    recording: &Recording,
    first: &[Pair],
    margin: f64,
    random: &mut Random,
) -> Result<Vec<Pair>, Box<dyn Error>> {
    let blocks = recording.trials.iter().map(|trial| trial.block + 1).max().unwrap_or(0);
    let mut trials: Vec<TrialRecord> = Vec::new();
    for block in 0..LOOKS[LOOKS.len() - 1] {
        let drawn = random.below(blocks as usize) as u32;
        let of = recording.trials.iter().filter(|trial| trial.block == drawn);
        trials.extend(of.map(|trial| TrialRecord { block, ..trial.clone() }));
    }
    let contests = &recording.run.plan.contests;
    let clock = &recording.run.host.clock;
    let pairs: Result<Vec<_>, String> = contests
        .iter()
        .map(|contest| {
            let named = Contest {
                workload: contest.workload.clone(),
                load: contest.load.parse()?,
                placement: contest.placement,
            };
            let suspects = gate::suspects(&named.to_string(), first);
            let contest = ContestRecord { suspects, ..contest.clone() };
            gate::stage(&contest, clock, &trials, margin)
        })
        .collect();
    Ok(pairs?.into_iter().flatten().collect())
}
