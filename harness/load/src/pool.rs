//! Which connection takes the next request, and which has been waited for longest?
//!
//! Free connections are taken in the order in which they came free, so that all are used alike. Those that must
//! end within the time-out stand in a list by their beginning, so that looking at the first is enough; it is
//! kept in the connections themselves and costs no memory, however long one of them takes.

use crate::{
    clock,
    connection::{Connection, State},
    error::Error,
    fault::Fault,
    poller::Poller,
};
use rustix::event::epoll::EventFlags;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    ops::{Index, IndexMut},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

/// So many connections are opened at the same time. More would overflow the queue of a server that is slow to
/// accept, and each one lost there comes back after a second.
const MOST_AT_ONCE: usize = 64;

/// The end of the list.
const NOBODY: u32 = u32::MAX;

/// While opening, whether somebody wants to stop is looked at as often.
const STOP_NS: u64 = 100_000_000;

pub(crate) struct Pool {
    address: SocketAddr,
    connections: Vec<Connection>,
    /// Those that came free, with their generation then.
    free: VecDeque<(u32, u32)>,
    /// Those without a socket, with the time before which opening them is not tried again.
    parked: VecDeque<(u32, u64)>,
    oldest: u32,
    newest: u32,
}

impl Index<usize> for Pool {
    type Output = Connection;

    #[inline]
    fn index(&self, index: usize) -> &Connection {
        &self.connections[index]
    }
}

impl IndexMut<usize> for Pool {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut Connection {
        &mut self.connections[index]
    }
}

impl Pool {
    pub(crate) fn new(address: SocketAddr, connections: u32) -> Self {
        let count = connections as usize;
        Self {
            address,
            connections: (0..count).map(|_| Connection::new()).collect(),
            free: VecDeque::with_capacity(2 * count),
            parked: VecDeque::with_capacity(count),
            oldest: NOBODY,
            newest: NOBODY,
        }
    }

    /// The connection of an event, unless the event is that of an earlier socket.
    #[inline]
    pub(crate) fn find(&self, token: u64) -> Option<usize> {
        let index = (token & u64::from(u32::MAX)) as usize;
        let connection = self.connections.get(index)?;
        (u64::from(connection.generation) == token >> 32).then_some(index)
    }

    /// The next free connection.
    #[inline]
    pub(crate) fn take_free(&mut self) -> Option<usize> {
        loop {
            let (index, generation) = self.free.pop_front()?;
            let connection = &self.connections[index as usize];
            // Its socket may have been closed, and even another one opened, meanwhile.
            if connection.state == State::Free && connection.generation == generation {
                return Some(index as usize);
            }
        }
    }

    /// Whether some connection may be free.
    #[inline]
    pub(crate) fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    #[inline]
    pub(crate) fn put_free(&mut self, index: usize, now_ns: u64) {
        let connection = &mut self.connections[index];
        (connection.state, connection.since_ns) = (State::Free, now_ns);
        self.free.push_back((index as u32, connection.generation));
    }

    /// Closes a connection that is not in the list; it is opened again when there is need.
    pub(crate) fn park(&mut self, index: usize, not_before_ns: u64) {
        self.connections[index].close();
        self.parked.push_back((index as u32, not_before_ns));
    }

    /// When the first of the parked ones may be opened.
    pub(crate) fn next_parked_ns(&self) -> Option<u64> {
        self.parked.front().map(|(_, not_before_ns)| *not_before_ns)
    }

    pub(crate) fn take_parked(&mut self, now_ns: u64) -> Option<usize> {
        let (index, _) = self.parked.pop_front_if(|(_, not_before)| *not_before <= now_ns)?;
        Some(index as usize)
    }

    /// Puts a connection last in the list of those that must end.
    #[inline]
    pub(crate) fn link(&mut self, index: usize, now_ns: u64) {
        let newest = std::mem::replace(&mut self.newest, index as u32);
        let connection = &mut self.connections[index];
        connection.since_ns = now_ns;
        (connection.older, connection.newer) = (newest, NOBODY);
        match self.connections.get_mut(newest as usize) {
            Some(before) => before.newer = index as u32,
            None => self.oldest = index as u32,
        }
    }

    #[inline]
    pub(crate) fn unlink(&mut self, index: usize) {
        let Connection { older, newer, .. } = self.connections[index];
        match self.connections.get_mut(older as usize) {
            Some(before) => before.newer = newer,
            None => self.oldest = newer,
        }
        match self.connections.get_mut(newer as usize) {
            Some(after) => after.older = older,
            None => self.newest = older,
        }
    }

    /// The one in the list that has been waited for longest.
    #[inline]
    pub(crate) fn oldest(&self) -> Option<usize> {
        (self.oldest != NOBODY).then_some(self.oldest as usize)
    }

    /// Begins to open a connection that is not in the list.
    pub(crate) fn open(&mut self, index: usize, poller: &Poller, now_ns: u64) -> Result<(), Fault> {
        let connection = &mut self.connections[index];
        let generation = connection.generation.wrapping_add(1);
        let socket = connection.open(self.address, generation)?;
        let registered = poller.add(socket, token(index, generation));
        registered.map_err(|_| Fault::Exhausted)?;
        self.link(index, now_ns);
        Ok(())
    }

    /// For the beginning of a slice: all that are open are free since its beginning, all others are parked.
    pub(crate) fn begin(&mut self) {
        (self.oldest, self.newest) = (NOBODY, NOBODY);
        self.free.clear();
        self.parked.clear();
        for index in 0..self.connections.len() {
            match self.connections[index].state {
                State::Free => self.put_free(index, 0),
                _ => self.park(index, 0),
            }
        }
    }

    /// Opens all that are not open, or not fit for use any more. Returns how many had been open before.
    pub(crate) fn open_all(
        &mut self,
        poller: &mut Poller,
        timeout: Duration,
        stop: &AtomicBool,
    ) -> Result<u32, Error> {
        let mut opening = Opening { to_open: self.unfit(), under_way: 0, reopened: 0 };
        self.begin();
        self.parked.clear();
        let timeout_ns = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        // Renewed with each one that comes.
        let mut deadline_ns = clock::now_ns().saturating_add(timeout_ns);
        let outcome = loop {
            if let Err(fault) = self.open_more(&mut opening, poller) {
                break Err(fault);
            }
            if opening.under_way == 0 || stop.load(Relaxed) {
                break Ok(());
            }
            let now_ns = clock::now_ns();
            if now_ns >= deadline_ns {
                break Err(Fault::ConnectTimeout);
            }
            let until_ns = deadline_ns.min(now_ns + STOP_NS);
            let count = poller.sleep_until(until_ns, now_ns).map_err(std::io::Error::from)?;
            let before = opening.under_way;
            if let Err(fault) = self.take_opened(&mut opening, poller, count) {
                break Err(fault);
            }
            if opening.under_way < before {
                deadline_ns = clock::now_ns().saturating_add(timeout_ns);
            }
        };
        // What is still being opened, after a fault or a signal, is given up.
        self.begin();
        outcome
            .map(|()| opening.reopened)
            .map_err(|fault| Error::Connect { address: self.address, fault })
    }

    /// Those that cannot take a request now.
    fn unfit(&mut self) -> VecDeque<usize> {
        let mut byte = [0; 1];
        let mut unfit = VecDeque::new();
        for (index, connection) in self.connections.iter_mut().enumerate() {
            let is_fit =
                connection.state == State::Free && connection.receive_unasked(&mut byte).is_ok();
            if !is_fit {
                connection.close();
                unfit.push_back(index);
            }
        }
        unfit
    }

    fn open_more(&mut self, opening: &mut Opening, poller: &Poller) -> Result<(), Fault> {
        while opening.under_way < MOST_AT_ONCE
            && let Some(index) = opening.to_open.pop_front()
        {
            opening.reopened += u32::from(self.connections[index].generation > 0);
            self.open(index, poller, 0)?;
            opening.under_way += 1;
        }
        Ok(())
    }

    fn take_opened(
        &mut self,
        opening: &mut Opening,
        poller: &Poller,
        count: usize,
    ) -> Result<(), Fault> {
        for number in 0..count {
            let (token, flags) = poller.event(number);
            if let Some(index) = self.find(token)
                && self.connections[index].state == State::Connecting
                && flags.intersects(EventFlags::OUT | EventFlags::ERR | EventFlags::HUP)
            {
                self.connections[index].opened()?;
                self.put_free(index, 0);
                opening.under_way -= 1;
            }
        }
        Ok(())
    }
}

/// How far [`Pool::open_all`] has come.
struct Opening {
    to_open: VecDeque<usize>,
    under_way: usize,
    reopened: u32,
}

fn token(index: usize, generation: u32) -> u64 {
    u64::from(generation) << 32 | index as u64
}
