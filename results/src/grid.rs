//! What stands in the table of a contest, whatever draws it?
//!
//! Rows of finished text: one per cell, none missing, each number with its spread. Terminal, Markdown and
//! HTML draw the same grid, so they cannot disagree. It must not know any of them. Read next:
//! `ladder.rs` for sweeps, `table.rs`.

use crate::{
    Role,
    auditor::{self, Finding, Severity},
    glance::is_false_alarm,
    ladder,
    quantity::{self, TimeUnit},
    statistics::{Estimate, median},
    summary::{CellSummary, ContestSummary, Effect, Metric, Numbers, OpenNumbers, Scale},
    verdict::Verdict,
    wording::{self, plain},
};

/// A table in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The columns' titles with their units; the first is the runner.
    pub header: Vec<String>,
    /// As many texts as there are columns.
    pub rows: Vec<Row>,
    /// What must be said below, in order.
    pub notes: Vec<String>,
}

/// One line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Why the cell is there.
    pub role: Role,
    /// Whether it has numbers.
    pub measured: bool,
    /// Its texts; of a cell without numbers the second is its state and the others are empty.
    pub texts: Vec<String>,
}

/// Percentiles that a table shows: title, quantile and where to find it.
type Column = (&'static str, f64, fn(&Numbers) -> Estimate);

const COLUMNS: [Column; 4] = [
    ("p50", 0.5, |numbers| numbers.p50_ns),
    ("p90", 0.9, |numbers| numbers.p90_ns),
    ("p99", 0.99, |numbers| numbers.p99_ns),
    ("p99.9", 0.999, |numbers| numbers.p999_ns),
];

/// What a reader of an open contest must know.
const OPEN_NOTE: &str = "open load: percentiles are of the response time, from the intended time to the \
    answer, over all requests that were drawn; service p99, from the sending to the answer, is what a \
    generator would report that waits while the server stalls";

/// Stands where fewer than ten operations a block lie above a percentile.
pub(crate) const TOO_FEW: &str = "–";

/// The numbers of a contest.
#[must_use]
pub fn numbers(contest: &ContestSummary) -> Grid {
    if contest.contest.load.is_sweep() {
        return ladder::grid(contest);
    }
    let is_open = contest.contest.load.is_open();
    let measured: Vec<&Numbers> =
        contest.cells.iter().filter_map(|cell| cell.numbers.as_ref()).collect();
    let units = COLUMNS.map(|(_, _, value)| {
        let all: Vec<f64> = measured.iter().map(|numbers| value(numbers).median).collect();
        TimeUnit::of(median(&all).unwrap_or(1e3))
    });
    let peers = measured.iter().any(|numbers| numbers.peer_cpu_us_per_op.is_some());
    let (rate, peer) = if is_open { ("answers/s", "generator") } else { ("ops/s", "peer") };
    let mut header: Vec<String> = vec!["runner".into(), rate.into()];
    header.extend(
        COLUMNS.iter().zip(units).map(|((name, ..), unit)| format!("{name} {}", unit.name)),
    );
    if is_open {
        header.push(format!("service p99 {}", units[2].name));
    }
    header.push("CPU µs/op".into());
    if peers {
        header.push(format!("{peer} µs/op"));
    }
    let mut notes = Notes::default();
    notes.all.push(wording::spread(contest.blocks()).into());
    let mut rows = Vec::new();
    for cell in &contest.cells {
        let mut texts = vec![notes.name(cell)];
        if cell.numbers.is_some() && cell.blocks < contest.blocks() {
            let (arm, blocks) = (plain(&cell.arm), cell.blocks);
            let all = contest.blocks();
            notes.all.push(match cell.look.is_some_and(|look| look.closed) {
                true => format!("{arm}: decided after {blocks} of {all} blocks"),
                false => format!("{arm}: in only {blocks} of {all} blocks"),
            });
        }
        match &cell.numbers {
            Some(numbers) => texts.extend(values(cell, numbers, units, peers)),
            None => texts.push(wording::state(cell.state).into()),
        }
        texts.resize(header.len(), String::new());
        rows.push(Row { role: cell.role, measured: cell.is_measured(), texts });
    }
    if rows.iter().any(|row| row.texts.iter().any(|text| text == TOO_FEW)) {
        notes.all.push(too_few());
    }
    if is_open {
        notes.all.push(OPEN_NOTE.into());
    }
    Grid { header, rows, notes: notes.all }
}

/// The texts of a measured cell behind its name.
fn values(cell: &CellSummary, numbers: &Numbers, units: [TimeUnit; 4], peers: bool) -> Vec<String> {
    let shown = |value: &Estimate, unit: f64| quantity::estimate(value, unit, cell.blocks);
    let mut texts = vec![shown(&numbers.throughput, 1.0)];
    for ((_, quantile, value), unit) in COLUMNS.into_iter().zip(units) {
        // The median of a few operations is rough, but never the story of a single one.
        let carried = quantile <= 0.5 || numbers.carries(quantile);
        texts.push(match (carried, numbers.reaches(quantile)) {
            (false, _) => TOO_FEW.into(),
            (true, true) => shown(&value(numbers), unit.ns),
            (true, false) => beyond(&value(numbers), unit.ns),
        });
    }
    if let Some(OpenNumbers { service, .. }) = &numbers.open {
        texts.push(match (service.carries(0.99), service.reaches(0.99)) {
            (false, _) => TOO_FEW.into(),
            (true, true) => shown(&service.p99_ns, units[2].ns),
            (true, false) => beyond(&service.p99_ns, units[2].ns),
        });
    }
    let cpu = &numbers.cpu_us_per_op;
    texts.push(cpu.map_or_else(|| "unknown".into(), |cpu| shown(&cpu, 1.0)));
    if peers {
        let peer = numbers.peer_cpu_us_per_op;
        texts.push(peer.map_or_else(String::new, |peer| shown(&peer, 1.0)));
    }
    texts
}

/// What [`TOO_FEW`] says.
pub(crate) fn too_few() -> String {
    format!("{TOO_FEW}: fewer than ten operations a block lie above it")
}

/// A percentile that lies among requests which failed or never ended: `> 71.2`.
pub(crate) fn beyond(bound: &Estimate, unit: f64) -> String {
    format!("> {}", quantity::digits(bound.median / unit))
}

/// How the cells of a contest compare with its baseline; `None` without a measured baseline.
#[must_use]
pub fn comparison(contest: &ContestSummary) -> Option<Grid> {
    let baseline = contest.baseline_cell().filter(|cell| cell.numbers.is_some())?;
    let name = plain(&baseline.runner);
    let rows = contest.cells.iter().map(|cell| {
        let mut texts = vec![label(cell)];
        if !cell.is_measured() {
            texts.push(wording::state(cell.state).into());
        } else if cell.cell == baseline.cell {
            texts.push("baseline".into());
        } else if let Some(copied) = contest.compared_elsewhere(cell) {
            texts.push(format!("copies {}", plain(copied)));
        } else {
            texts.extend(Metric::ALL.map(|metric| judged_text(cell, metric)));
        }
        texts.resize(4, String::new());
        Row { role: cell.role, measured: cell.numbers.is_some(), texts }
    });
    Some(Grid {
        header: vec![
            format!("against {name}"),
            format!("p50 of {}", contest.measure.title()),
            "CPU per operation".into(),
            "throughput".into(),
        ],
        rows: rows.collect(),
        notes: comparison_notes(contest),
    })
}

/// An effect and what it decides: `1.203 (1.190–1.216) slower`.
fn judged_text(cell: &CellSummary, metric: Metric) -> String {
    let Some(effect) = cell.effects.on(metric) else { return String::new() };
    let verdict = cell.verdict.as_ref().map(|judgement| judgement.on(metric).verdict);
    let word = match verdict {
        // Three columns of these must fit into a hundred letters; the notes say what the signs are.
        Some(Verdict::Equivalent) => " ≈".into(),
        Some(Verdict::Undecided { .. }) => " ?".into(),
        Some(verdict) => format!(" {}", verdict.word(metric)),
        None => String::new(),
    };
    format!("{}{word}", effect_text(effect))
}

/// What must be said below a comparison.
fn comparison_notes(contest: &ContestSummary) -> Vec<String> {
    let mut notes: Vec<String> = [
        "ratio above 1: more than the baseline's; brackets: 99.5 % interval; slices paired by round",
        "words: differs by 1 % or more; false in at most 0.5 % of contests (Holm: runners × metrics)",
        "≈ equivalent: the interval lies within ±3 % (lateness: of the baseline's, at least 1 µs)",
    ]
    .map(Into::into)
    .into();
    if let (Some(planned), Some(baseline)) = (&contest.planned_baseline, &contest.baseline)
        && planned != baseline
    {
        let (planned, baseline) = (plain(planned), plain(baseline));
        notes.push(format!(
            "the planned baseline {planned} cannot be ranked: {baseline} is it instead"
        ));
    }
    let verdicts = contest.cells.iter().filter_map(|cell| cell.verdict.as_ref());
    let mut metrics = verdicts.flat_map(|judgement| &judgement.metrics);
    if metrics.any(|one| matches!(one.verdict, Verdict::Undecided { .. })) {
        notes.push(match contest.cells.iter().filter_map(more_blocks).max() {
            Some(more) => {
                let more = wording::blocks(more);
                format!("? undecided: about {more} more would decide all that can be told of")
            }
            None => "? undecided: how many more blocks would decide cannot be told".into(),
        });
    }
    notes
}

/// The most further blocks that any of a cell's undecided metrics needs, as far as that is known.
fn more_blocks(cell: &CellSummary) -> Option<u32> {
    let metrics = cell.verdict.as_ref()?.metrics.iter();
    let more = metrics.filter_map(|one| match one.verdict {
        Verdict::Undecided { more_blocks } => more_blocks,
        _ => None,
    });
    more.max()
}

/// An effect in words: `1.203 (1.190–1.216)`, or `+12.3 µs (+11.9 to +12.7)`.
#[must_use]
pub fn effect_text(effect: &Effect) -> String {
    match (effect.scale, effect.interval) {
        (Scale::Ratio, interval) => quantity::ratio(effect.estimate, interval),
        (Scale::DifferenceUs, Some((low, high))) => {
            format!("{:+.2} µs ({low:+.2} to {high:+.2})", effect.estimate)
        }
        (Scale::DifferenceUs, None) => format!("{:+.2} µs", effect.estimate),
    }
}

/// What the null arm shows, in one line; says so if there is none.
#[must_use]
pub fn noise(contest: &ContestSummary) -> String {
    if contest.contest.load.is_sweep() {
        return "null arm: what its curve differs from its runner's by is noise".into();
    }
    let Some(noise) = &contest.noise else {
        return "null arm: not measured, so the noise is unknown".into();
    };
    let sd = match (noise.sd_percent, noise.sd_us) {
        (Some(percent), _) => format!("; standard deviation between blocks {percent:.2} %"),
        (None, Some(us)) => format!("; standard deviation between blocks {us:.2} µs"),
        (None, None) => "; one block shows no spread".into(),
    };
    let name = plain(&noise.copied);
    let text = effect_text(&noise.p50);
    let alarm = if is_false_alarm(contest) {
        "; FALSE ALARM: identical code is called different here, trust no verdict of this contest"
    } else {
        ""
    };
    format!("null arm {name}~null: {name} against itself, p50 {text}{sd}{alarm}")
}

/// A cell's name with its role and a `!` if its numbers must not be ranked.
#[must_use]
pub fn label(cell: &CellSummary) -> String {
    let role = match cell.role {
        // A null arm's name says what it is: `tokio~null`.
        Role::Runner | Role::Null => "",
        Role::Floor => " (floor)",
    };
    let barred = if cell.audit.may_be_ranked() { "" } else { " !" };
    format!("{}{role}{barred}", plain(&cell.arm))
}

/// Collects what must be said below a table.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) all: Vec<String>,
    findings: Vec<(String, Severity)>,
}

impl Notes {
    /// The cell's name with numbers of notes, which are added where they are new.
    pub(crate) fn name(&mut self, cell: &CellSummary) -> String {
        let mut name = label(cell);
        for Finding { check, severity, .. } in &cell.audit.findings {
            let finding = (check.clone(), *severity);
            let number = match self.findings.iter().position(|known| *known == finding) {
                Some(at) => at + 1,
                None => {
                    self.findings.push(finding);
                    let rank = match severity {
                        Severity::NotRanked => " (! not ranked)",
                        Severity::Marked => "",
                    };
                    let number = self.findings.len();
                    self.all.push(format!("[{number}] {}{rank}", auditor::words(check)));
                    number
                }
            };
            name.push_str(&format!(" [{number}]"));
        }
        let arm = plain(&cell.arm);
        match &cell.numbers {
            None if cell.sweep.is_some() => {}
            None => self.all.push(format!("{arm}: {}", wording::absence(cell))),
            Some(numbers) => {
                match &numbers.open {
                    Some(open) => self.failures(&arm, numbers, open),
                    None => self.unfinished(&arm, numbers),
                }
                self.deferred(&arm, numbers);
            }
        }
        name
    }

    /// Operations of a closed load that never ended.
    fn unfinished(&mut self, arm: &str, numbers: &Numbers) {
        if numbers.unfinished > 0 {
            let oldest = quantity::time(numbers.oldest_unfinished_ns as f64);
            let count = numbers.unfinished;
            self.all.push(format!(
                "{arm}: {count} operations never ended (oldest {oldest}) and are in no percentile"
            ));
        }
    }

    /// Requests of an open load that were not answered rightly, and connections that did not last.
    fn failures(&mut self, arm: &str, numbers: &Numbers, open: &OpenNumbers) {
        let mut kinds: Vec<String> =
            open.errors.iter().map(|(kind, count)| format!("{} {count}", plain(kind))).collect();
        if numbers.unfinished > 0 {
            kinds.push(format!("unfinished {}", numbers.unfinished));
        }
        if !kinds.is_empty() {
            let drawn = quantity::digits(open.drawn as f64);
            self.all.push(format!("{arm}: of {drawn} requests failed: {}", kinds.join(", ")));
        }
        if open.reconnects > 0 {
            let count = open.reconnects;
            self.all.push(format!("{arm}: connections were opened again {count} times"));
        }
    }

    /// CPU burnt while others worked.
    fn deferred(&mut self, arm: &str, numbers: &Numbers) {
        let deferred = numbers.deferred_cpu_us_per_op.median;
        if numbers.cpu_us_per_op.is_some_and(|cpu| deferred > 0.05 * cpu.median) {
            let shown = quantity::digits(deferred);
            self.all.push(format!("{arm}: burnt another {shown} µs/op while others worked"));
        }
    }
}
