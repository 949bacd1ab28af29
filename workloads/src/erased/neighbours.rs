//! How are datagrams and ticks called through a table of functions?
//!
//! As everything in [`crate::erased`]; read that first. This file must not know any runtime.

use super::{Boxed, Transfer};
use crate::{Buffer, Datagram, Ticker};
use std::{future::Future, io};

pub(super) trait DatagramTable: Send {
    fn send(&mut self, buffer: Buffer) -> Transfer<'_>;
    fn receive(&mut self, buffer: Buffer) -> Transfer<'_>;
}

impl<D: Datagram> DatagramTable for D {
    fn send(&mut self, buffer: Buffer) -> Transfer<'_> {
        Box::pin(self.send(buffer))
    }

    fn receive(&mut self, buffer: Buffer) -> Transfer<'_> {
        Box::pin(self.receive(buffer))
    }
}

/// A datagram socket of any runtime.
pub struct ErasedDatagram(Box<dyn DatagramTable>);

impl ErasedDatagram {
    pub(super) fn of(socket: impl Datagram) -> Self {
        Self(Box::new(socket))
    }
}

impl Datagram for ErasedDatagram {
    fn send(&mut self, buffer: Buffer) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send {
        self.0.send(buffer)
    }

    fn receive(
        &mut self,
        buffer: Buffer,
    ) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send {
        self.0.receive(buffer)
    }
}

pub(super) trait TickerTable: Send {
    fn tick(&mut self) -> Boxed<'_, u64>;
}

impl<T: Ticker> TickerTable for T {
    fn tick(&mut self) -> Boxed<'_, u64> {
        Box::pin(self.tick())
    }
}

/// A ticker of any runtime.
pub struct ErasedTicker(Box<dyn TickerTable>);

impl ErasedTicker {
    pub(super) fn of(ticker: Box<dyn TickerTable>) -> Self {
        Self(ticker)
    }
}

impl Ticker for ErasedTicker {
    fn tick(&mut self) -> impl Future<Output = u64> + Send {
        self.0.tick()
    }
}
