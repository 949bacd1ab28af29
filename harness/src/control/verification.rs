//! Was it the right work?
//!
//! The oracle's digests of all operations that a trial says it did, summed for each actor and compared with
//! what the trial really did. A trial that did other work was perhaps faster; it is discarded. It must not
//! know how the work was done.

use simul_workloads::{Digest, Parameters, Workload, registry};

/// What is wrong with the work, if anything.
#[must_use]
pub fn complaint(workload: &str, seed: u64, actors: &[(u64, Digest)]) -> Option<String> {
    let name = workload.split(':').next().unwrap_or_default();
    let visitor = Oracle { workload, seed, actors };
    registry::visit(name, visitor).unwrap_or_else(|| Some(format!("no workload '{name}'")))
}

struct Oracle<'a> {
    workload: &'a str,
    seed: u64,
    actors: &'a [(u64, Digest)],
}

impl registry::Visitor for Oracle<'_> {
    type Output = Option<String>;

    fn visit<W: Workload>(self) -> Self::Output {
        let parts = self.workload.split(':').skip(1);
        let built = Parameters::parse(&W::PROFILE, parts)
            .and_then(|parameters| W::new(&parameters, self.seed));
        let work = match built {
            Ok(work) => work,
            Err(error) => return Some(error.to_string()),
        };
        for (actor, (operations, found)) in self.actors.iter().enumerate() {
            let digests = (0..*operations).map(|index| work.expected(actor as u32, index));
            let expected = digests.fold(Digest::default(), Digest::plus);
            if expected != *found {
                return Some(format!(
                    "actor {actor}: the digest of its {operations} operations is {:016x}, expected \
                     {:016x}; the runner did other work, so its timings are discarded",
                    found.0, expected.0
                ));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_work_passes_and_one_wrong_operation_does_not() {
        let parameters = Parameters::parse(registry::find("echo").unwrap(), ["64"].into_iter());
        let echo = simul_workloads::catalog::echo::Echo::new(&parameters.unwrap(), 7).unwrap();
        let sum = |wrong: Option<u64>| {
            (0..100).fold(Digest::default(), |sum, index| {
                let shift = u64::from(wrong == Some(index));
                sum.plus(echo.expected(0, index + shift))
            })
        };
        assert_eq!(complaint("echo:64", 7, &[(100, sum(None))]), None);
        let wrong = complaint("echo:64", 7, &[(100, sum(Some(41)))]).unwrap();
        assert!(wrong.contains("timings are discarded"), "{wrong}");
        assert!(complaint("echo:64", 7, &[(99, sum(None))]).is_some());
        assert!(complaint("nothing", 7, &[]).is_some());
    }
}
