//! What must be done for a program that is not ours?
//!
//! What our own trial does for itself: shared files are put up before it starts and proven to be in memory after it
//! has worked, and what it says of its version is compared with what was asked. It must not know how an answer
//! arrives. Next: [`super::arm`].

use super::programs::Available;
use simul_results::record::ReceiptRecord;
use simul_workloads::{Parameters, Surroundings, Workload, registry};

/// Puts up what the actors of a workload share.
///
/// # Errors
/// Why it cannot be, in one line.
pub(super) fn prepare(workload: &str, seed: u64, around: &Surroundings) -> Result<(), String> {
    on_behalf(workload, seed, around, false)
}

/// Proves that what was put up was there to the end.
///
/// # Errors
/// Why the measurement cannot be relied on.
pub(super) fn verify(workload: &str, seed: u64, around: &Surroundings) -> Result<(), String> {
    on_behalf(workload, seed, around, true)
}

fn on_behalf(workload: &str, seed: u64, around: &Surroundings, after: bool) -> Result<(), String> {
    let name = workload.split(':').next().unwrap_or_default();
    let visitor = OnBehalf { workload, seed, around, after };
    registry::visit(name, visitor).unwrap_or_else(|| Err(format!("no workload '{name}'")))
}

struct OnBehalf<'a> {
    workload: &'a str,
    seed: u64,
    around: &'a Surroundings,
    after: bool,
}

impl registry::Visitor for OnBehalf<'_> {
    type Output = Result<(), String>;

    fn visit<W: Workload>(self) -> Self::Output {
        let parts = self.workload.split(':').skip(1);
        let work = Parameters::parse(&W::PROFILE, parts)
            .and_then(|parameters| W::new(&parameters, self.seed))
            .map_err(|error| error.to_string())?;
        let done = if self.after { work.verify(self.around) } else { work.prepare(self.around) };
        done.map_err(|error| error.to_string())
    }
}

/// The receipt of a program: what its version command says, which must be what the program says if it does.
///
/// # Errors
/// They differ: something else ran than was asked.
pub(super) fn receipt(
    available: &Available,
    said: Option<&(String, String, String)>,
) -> Result<ReceiptRecord, String> {
    let Available { program, version, source, .. } = available;
    // Nobody has asked a command that was not declared.
    match said.filter(|(_, said, _)| !version.is_empty() && said != version) {
        Some((package, said, _)) => Err(format!(
            "it says that it is {package} {said}, but '{source}' says {version}: something else ran"
        )),
        None => Ok(ReceiptRecord {
            package: program.package.clone(),
            version: version.clone(),
            source: source.clone(),
        }),
    }
}
