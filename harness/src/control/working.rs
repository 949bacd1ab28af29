//! What is an arm ordered, and what is kept of its answers?
//!
//! From the warm-up to the last answer: order, wait, look from outside, vet the numbers, keep them. What goes wrong
//! becomes the state of the arm's record. It must not know the order of slices. Next: [`super::block`].

use super::{
    arm::{ANSWERING, Arm, DRAIN, ENDING},
    inbox::{Inbox, Interrupted},
    outside::Outside,
    placement, recording, stranger,
    vetting::{self, Ordered, Vetted},
};
use crate::{
    clock,
    protocol::{Costs, Finished, Order, Reply, Slice},
};
use simul_results::{SliceRecord, State};
use simul_workloads::Digest;
use std::time::Duration;

impl Arm<'_> {
    /// Orders a warm-up; what it gave tells the pace.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn warm_up(
        &mut self,
        duration_ns: u64,
        inbox: &mut Inbox,
    ) -> Result<Option<SliceRecord>, Interrupted> {
        let order = Order::WarmUp { duration_ns };
        let (answer, ordered) = self.work(order, [duration_ns, 0], inbox)?;
        self.rest();
        let vetted = match answer {
            Some(Reply::Warm(slice)) => self.vetted(slice, &ordered),
            Some(other) => {
                self.unexpected(&other);
                None
            }
            None => None,
        };
        Ok(vetted.map(|vetted| recording::slice(vetted, [0, 0], None, 0)))
    }

    /// Orders a slice and keeps what it gave; returns its place in the record.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn slice(
        &mut self,
        [duration_ns, drop_ns]: [u64; 2],
        [round, position]: [u32; 2],
        inbox: &mut Inbox,
    ) -> Result<Option<&mut SliceRecord>, Interrupted> {
        let deferred_cpu_ns = self.cpu_ns().saturating_sub(self.rested_at_ns);
        let peer_before_ns = self.peer_cpu_ns();
        let order = Order::Slice { duration_ns, drop_ns };
        let (answer, ordered) = self.work(order, [duration_ns, drop_ns], inbox)?;
        let peer_after_ns = self.peer_cpu_ns();
        self.rest();
        let peer_cpu_ns =
            peer_after_ns.zip(peer_before_ns).map(|(after, before)| after.saturating_sub(before));
        let vetted = match answer {
            Some(Reply::Slice(slice)) => self.vetted(slice, &ordered),
            Some(Reply::Failed { reason, slice, timed_out }) => {
                let state = if timed_out { State::TimedOut } else { State::Failed };
                self.condemn(state, &reason);
                // What it did until then, if that can be true.
                slice.and_then(|slice| vetting::vet_broken(slice, &ordered).ok())
            }
            Some(other) => {
                self.unexpected(&other);
                None
            }
            None => None,
        };
        let Some(vetted) = vetted else { return Ok(None) };
        self.unrecorded += vetted.slice.unrecorded;
        let record = recording::slice(vetted, [round, position], peer_cpu_ns, deferred_cpu_ns);
        self.record.slices.push(record);
        Ok(self.record.slices.last_mut())
    }

    /// Orders work, and waits for what comes of it.
    fn work(
        &mut self,
        order: Order,
        [duration_ns, drop_ns]: [u64; 2],
        inbox: &mut Inbox,
    ) -> Result<(Option<Reply>, Ordered), Interrupted> {
        let cpu_before_ns = self.outside.as_ref().map(Outside::cpu_ns);
        let told_ns = clock::now_ns();
        self.tell(order, inbox)?;
        let patience = Duration::from_nanos(duration_ns) + DRAIN + ANSWERING;
        let answer = self.answer(inbox, patience)?;
        let heard_ns = clock::now_ns();
        if let Some(outside) = &mut self.outside {
            outside.look_again();
        }
        let cpu_after_ns = self.outside.as_ref().map(Outside::cpu_ns);
        let cpu_ns =
            cpu_after_ns.zip(cpu_before_ns).map(|(after, before)| after.saturating_sub(before));
        let cores = placement::of_the_machine();
        Ok((answer, Ordered { duration_ns, drop_ns, told_ns, heard_ns, cpu_ns, cores }))
    }

    /// The numbers of a slice, if they can be true.
    fn vetted(&mut self, slice: Slice, ordered: &Ordered) -> Option<Vetted> {
        if slice.cpu_ns.is_none() && self.outside.is_some() {
            let how = "read from outside, spread over all operations of a slice";
            self.record.card.insert("cpu".into(), how.into());
        }
        self.operations = self.operations.saturating_add(slice.operations);
        match vetting::vet(slice, ordered) {
            Ok(vetted) => Some(vetted),
            Err(why) => {
                self.condemn(State::Failed, &format!("its numbers cannot be true: {why}"));
                None
            }
        }
    }

    /// Orders the end and keeps what the trial cost.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn finish(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        if !self.is_alive() {
            return Ok(());
        }
        // While its processes and files are there.
        let seen = self.outside.as_ref().map(|outside| (outside.costs(), outside.backend()));
        if self.outside.is_some()
            && let Err(why) = stranger::verify(self.workload, self.seed, &self.surroundings)
        {
            self.end(State::Failed, why);
        }
        self.tell(Order::Finish, inbox)?;
        match self.answer(inbox, DRAIN + ANSWERING)? {
            Some(Reply::Finished(finished)) => self.keep(finished, seen),
            Some(other) => self.unexpected(&other),
            None => {}
        }
        Ok(())
    }

    fn keep(&mut self, finished: Finished, seen: Option<(Costs, &str)>) {
        let (costs, backend) = seen.unzip();
        self.record.backend = finished.backend.clone().or(backend.map(str::to_owned));
        let costs = finished.costs.clone().or(costs);
        self.record.costs = costs.map(|costs| recording::costs(&costs));
        self.finished = Some(finished);
        if self.outside.is_some()
            && let Some(trial) = &mut self.trial
            && let Err((state, reason)) = trial.await_end(ENDING)
        {
            self.end(state, reason);
        }
    }

    /// What is wrong with the number of operations that it says it did, if anything.
    #[must_use]
    pub fn miscount(&self, actors: &[(u64, Digest)]) -> Option<String> {
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
}
