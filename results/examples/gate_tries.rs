//! What did the tries of `scripts/acceptance/gate` find?
//!
//! Prints counts: exit codes, tries in which any metric was called different in the first stage, the estimates of the
//! median, and how long tries took. It judges nothing; the bars stand in the methodology.

use serde_json::Value;
use std::{collections::BTreeMap, env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("usage: gate_tries FILE.jsonl")?;
    let (mut codes, mut differ, mut count) = (BTreeMap::new(), 0, 0);
    let (mut took_s, mut estimates) = (Vec::new(), Vec::new());
    for line in fs::read_to_string(&file)?.lines() {
        let one: Value = serde_json::from_str(line)?;
        count += 1;
        *codes.entry(one["exit"].as_i64().unwrap_or(-1)).or_insert(0) += 1;
        took_s.extend(one["took_s"].as_f64());
        let metrics = one["outcome"]["cells"][0]["first"]["metrics"].as_array();
        let metrics = metrics.map(Vec::as_slice).unwrap_or_default();
        differ += u32::from(metrics.iter().any(|metric| metric["differs"] == true));
        let median = metrics.iter().find(|metric| metric["scale"] == "ratio");
        estimates.extend(median.and_then(|metric| metric["estimate"].as_f64()));
    }
    println!("{file}: {count} tries, {differ} called different in the first stage");
    for (code, tries) in codes {
        println!("  exit code {code}: {tries}");
    }
    for (what, mut values) in [("took s", took_s), ("ratio of the first metric", estimates)] {
        values.sort_by(f64::total_cmp);
        if let (Some(least), Some(most)) = (values.first(), values.last()) {
            let median = values[values.len() / 2];
            println!("  {what}: {least:.3} to {most:.3}, in the middle {median:.3}");
        }
    }
    Ok(())
}
