//! How is a closed load brought?
//!
//! By the trial's own actors, back to back, in the slices that it is ordered; a neutral peer answers where the
//! work has one. It must not know the order of turns. Next: [`super::arm`], the frame around it.

use super::{
    arm::SETTING_UP,
    audit::LONG,
    child::Start,
    dialogue::Dialogue,
    driver::{Driver, Launch, Step, Stop, Turn},
    inbox::Inbox,
    lengths::{Lengths, length_ns},
    marks,
    plan::ContestPlan,
    recording,
    service::Standing,
    subject::Subject,
    trial_process::TrialProcess,
    verification,
    vetting::{self, Ordered, Vetted},
};
use crate::{
    clock,
    protocol::{Finished, Mode, Order, PeerReady, Reply, Slice},
};
use simul_results::{SliceRecord, State};
use simul_workloads::{Digest, Figure, Peer};
use std::time::Duration;

/// So often a slice in which no operation counted is ordered again, longer.
const LONGER_SLICES: u32 = 2;

/// The trial's own actors.
pub struct Closed {
    peer: Option<Dialogue>,
    service: Option<Standing>,
    lengths: Lengths,
    workload: String,
    seed: u64,
    /// Operations that the recorder had no room for.
    unrecorded: u64,
    /// Cores that the peer, or the service, can keep busy.
    peer_cores: u32,
    /// How many actors work.
    actors: u32,
    /// Operations of all slices, warm-up included.
    operations: u64,
    /// How often the last slice was ordered.
    attempts: u32,
    /// Whether the one before had been ordered more than once.
    was_empty: bool,
    /// Whether some slice came without CPU time, which was then read from outside.
    cpu_from_outside: bool,
    /// What the workload may report besides its times.
    figures: &'static [Figure],
}

/// A peer of ours has one thread. A service may have several processes, and keep all busy that it is placed on.
fn peer_cores(contest: &ContestPlan) -> u32 {
    match (contest.needs.service, contest.cores.peer.len()) {
        (None, _) => 1,
        (Some(_), 0) => contest.cores.workers,
        (Some(_), pinned) => u32::try_from(pinned).unwrap_or(u32::MAX),
    }
}

impl Closed {
    /// A driver whose peer has not been started.
    #[must_use]
    pub fn new(launch: &Launch<'_>, lengths: Lengths) -> Self {
        let workload = launch.contest.told.clone();
        Self {
            peer: None,
            service: None,
            lengths,
            workload,
            seed: launch.seed,
            unrecorded: 0,
            peer_cores: peer_cores(launch.contest),
            actors: launch.contest.actors,
            operations: 0,
            attempts: 0,
            was_empty: false,
            cpu_from_outside: false,
            figures: launch.contest.profile.figures,
        }
    }

    /// The numbers of a slice, if they can be true.
    fn vetted(
        &mut self,
        slice: Slice,
        ordered: &Ordered,
        trial: &mut TrialProcess,
    ) -> Step<Vetted> {
        self.cpu_from_outside |= slice.cpu_ns.is_none() && trial.is_watched();
        self.operations = self.operations.saturating_add(slice.operations);
        let known = |name: &str| self.figures.iter().any(|figure| figure.name == name);
        let strange = slice.figures.keys().find(|name| !known(name)).cloned();
        let vetted = match strange {
            Some(name) => Err(format!("the workload has no figure '{name}'")),
            None => vetting::vet(slice, ordered),
        };
        vetted.map_err(|why| {
            trial.condemn(State::Failed, &format!("its numbers cannot be true: {why}"))
        })
    }

    /// Warms up, and says how that went.
    fn pace(&mut self, subject: &mut Subject, inbox: &mut Inbox) -> Step<Vetted> {
        let duration_ns = self.lengths.warm_up_ns;
        let order = Order::WarmUp { duration_ns };
        let (answer, ordered) = subject.trial()?.work(order, [duration_ns, 0], inbox)?;
        let Reply::Warm(pace) = answer else { return Err(subject.trial()?.unexpected(&answer)) };
        self.vetted(pace, &ordered, subject.trial()?)
    }

    /// What is wrong with the number of operations that it says it did, if anything.
    fn miscount(&self, actors: &[(u64, Digest)]) -> Option<String> {
        let (found, wanted) = (actors.len(), self.actors as usize);
        if found != wanted {
            return Some(format!("it tells of {found} actors, but {wanted} were ordered"));
        }
        let total: u128 = actors.iter().map(|(operations, _)| u128::from(*operations)).sum();
        let told = self.operations;
        (total != u128::from(told)).then(|| {
            format!("its actors did {total} operations, but its slices had {told}; discarded")
        })
    }

    /// A slice of the present length.
    fn ordered(
        &mut self,
        subject: &mut Subject,
        turn: Turn,
        inbox: &mut Inbox,
    ) -> Step<SliceRecord> {
        let Lengths { slice_ns: duration_ns, drop_ns, .. } = self.lengths;
        let peer_before_ns = self.peer_cpu_ns();
        let order = Order::Slice { duration_ns, drop_ns };
        let (answer, ordered) = subject.trial()?.work(order, [duration_ns, drop_ns], inbox)?;
        let peer_cpu_ns = self
            .peer_cpu_ns()
            .zip(peer_before_ns)
            .map(|(after, before)| after.saturating_sub(before));
        match answer {
            Reply::Slice(slice) => {
                let vetted = self.vetted(slice, &ordered, subject.trial()?)?;
                self.unrecorded += vetted.slice.unrecorded;
                Ok(recording::slice(vetted, turn, peer_cpu_ns))
            }
            Reply::Failed { reason, slice, timed_out } => {
                let state = if timed_out { State::TimedOut } else { State::Failed };
                // What it did until then, if that can be true.
                let vetted = slice.and_then(|slice| vetting::vet_broken(slice, &ordered).ok());
                let record =
                    vetted.map(|vetted| Box::new(recording::slice(vetted, turn, peer_cpu_ns)));
                match subject.trial()?.condemn(state, &reason) {
                    Stop::Ended { state, reason, .. } => {
                        Err(Stop::Ended { state, reason, slice: record })
                    }
                    interrupted => Err(interrupted),
                }
            }
            other => Err(subject.trial()?.unexpected(&other)),
        }
    }

    fn peer_cpu_ns(&self) -> Option<u64> {
        let service = || self.service.as_ref().map(Standing::cpu_ns);
        self.peer.as_ref().map_or_else(service, Dialogue::cpu_ns)
    }
}

impl Driver for Closed {
    fn mode(&self) -> Mode {
        Mode::Closed
    }

    fn prepare(&mut self, launch: &Launch<'_>, inbox: &mut Inbox) -> Step<()> {
        self.service.clone_from(&launch.service);
        let Some(peer) = launch.contest.needs.peer else { return Ok(()) };
        let start = Start {
            id: inbox.new_child(),
            cores: &launch.contest.cores.peer,
            program: None,
            arguments: &["peer", peer.name()],
            environment: &[],
            folder: peer == Peer::Unix,
            answers: true,
        };
        let dialogue = Dialogue::start(&start, inbox).map_err(|error| {
            Stop::ended(State::Failed, format!("its peer could not start: {error}"))
        })?;
        self.peer = Some(dialogue);
        Ok(())
    }

    fn peer(&mut self, inbox: &mut Inbox) -> Step<Option<PeerReady>> {
        let Some(peer) = &mut self.peer else { return Ok(None) };
        let ready: PeerReady = peer
            .answer(inbox, SETTING_UP)?
            .map_err(|silence| Stop::silence("its peer did not start: ", silence))?;
        peer.pid = ready.pid;
        Ok(Some(ready))
    }

    fn meet(&mut self, _: &mut Subject, _: &Launch<'_>, _: &mut Inbox) -> Step<()> {
        Ok(())
    }

    fn warm_up(&mut self, subject: &mut Subject, _: Turn, inbox: &mut Inbox) -> Step<u64> {
        let pace = self.pace(subject, inbox)?;
        let mut operations = pace.slice.operations;
        let mut wanted_ns = length_ns(&pace, &self.lengths);
        if wanted_ns > self.lengths.slice_ns {
            // A machine that stood still for a moment looks like long operations, and would make every slice of the
            // block long. It seldom does so twice; long operations are long again.
            let again = self.pace(subject, inbox)?;
            operations += again.slice.operations;
            wanted_ns = wanted_ns.min(length_ns(&again, &self.lengths));
        }
        self.lengths.slice_ns = wanted_ns;
        Ok(operations)
    }

    fn slice_ns(&mut self) -> Option<&mut u64> {
        Some(&mut self.lengths.slice_ns)
    }

    fn wants(&self, _: Turn, _: &[SliceRecord]) -> bool {
        true
    }

    fn before_slice(&mut self, _: &mut Subject, _: &mut Inbox) -> Step<()> {
        Ok(())
    }

    fn slice(&mut self, subject: &mut Subject, turn: Turn, inbox: &mut Inbox) -> Step<SliceRecord> {
        let usual_ns = self.lengths.slice_ns;
        let mut slice = self.ordered(subject, turn, inbox)?;
        self.attempts = 1;
        while self.attempts <= LONGER_SLICES && (slice.recorded == 0 || slice.completed == 0) {
            self.attempts += 1;
            // Operations take longer than in the warm-up, and none was inside the window: it tells nothing. What was
            // done in it is verified all the same.
            let span_ns = slice.ended_ns.saturating_sub(slice.started_ns);
            self.lengths.slice_ns = span_ns.saturating_mul(2).max(self.lengths.slice_ns);
            slice = self.ordered(subject, turn, inbox)?;
        }
        let is_empty = self.attempts > 1;
        if is_empty && !self.was_empty {
            // A machine that stood still looks like long operations; only what is long again makes slices long. Longer
            // ones for the rest of a block made code look 16 % better than itself (sleep, 2026-11-22).
            self.lengths.slice_ns = usual_ns;
        }
        self.was_empty = is_empty;
        Ok(slice)
    }

    fn audit(
        &mut self,
        subject: &mut Subject,
        at_least: Duration,
        inbox: &mut Inbox,
    ) -> Step<Slice> {
        // Where operations are long, the long slice is as long as theirs are.
        let is_long = at_least >= LONG;
        let own_ns = if is_long { self.lengths.slice_ns } else { 0 };
        let duration_ns = clock::to_ns(at_least).max(own_ns);
        let order = Order::Slice { duration_ns, drop_ns: 0 };
        let (answer, ordered) = subject.trial()?.work(order, [duration_ns, 0], inbox)?;
        match answer {
            Reply::Slice(slice) => Ok(self.vetted(slice, &ordered, subject.trial()?)?.slice),
            other => Err(subject.trial()?.unexpected(&other)),
        }
    }

    fn complaint(&self, finished: &Finished) -> Option<String> {
        if finished.early > 0 {
            let early = finished.early;
            return Some(format!(
                "{early} operations ended before the time that they had asked to wait"
            ));
        }
        self.miscount(&finished.actors)
            .or_else(|| verification::complaint(&self.workload, self.seed, &finished.actors))
    }

    fn cpu_seen_from_outside(&self) -> Option<&'static str> {
        let how = "read from outside, spread over all operations of a slice";
        self.cpu_from_outside.then_some(how)
    }

    fn attempts(&self) -> u32 {
        self.attempts
    }

    fn marks(&self, slices: &[&SliceRecord]) -> Vec<&'static str> {
        marks::of_closed(slices, self.peer_cores, self.unrecorded)
    }

    fn release(&mut self) {
        self.peer.iter_mut().for_each(Dialogue::release);
    }

    fn bury(&mut self, inbox: &mut Inbox) {
        if let Some(peer) = self.peer.take() {
            peer.bury(inbox);
        }
    }

    fn processes(&self) -> Vec<i32> {
        self.peer.iter().flat_map(Dialogue::processes).collect()
    }
}
