//! What can go wrong with datagrams, programs and ticks?

use super::{
    runtime::Faulty,
    streams::lose,
    switch::{Fault, Switch},
};
use simul_workloads::{Buffer, Datagram, ErasedRuntime, Runtime, Ticker};
use std::{
    io,
    path::Path,
    process::{ExitStatus, Output},
};

/// A datagram socket that loses or invents bytes.
pub(crate) struct FaultyDatagram {
    pub(crate) sound: <ErasedRuntime as Runtime>::Udp,
    pub(crate) switch: &'static Switch,
}

impl Datagram for FaultyDatagram {
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        self.sound.send(buffer).await
    }

    async fn receive(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        if self.switch.shows(Fault::AnswersEarly) {
            return Ok((buffer.window().len(), buffer));
        }
        let (bytes, mut buffer) = self.sound.receive(buffer).await?;
        lose(self.switch, &mut buffer.window_mut()[..bytes]);
        Ok((bytes, buffer))
    }
}

/// A ticker that does not wait.
pub(crate) struct FaultyTicker {
    pub(crate) sound: <ErasedRuntime as Runtime>::Ticker,
    pub(crate) switch: &'static Switch,
}

impl Ticker for FaultyTicker {
    async fn tick(&mut self) -> u64 {
        if self.switch.shows(Fault::AnswersEarly) {
            return 0;
        }
        self.sound.tick().await
    }
}

/// A program that is not awaited, or that gets or gives other bytes.
pub(super) async fn run(
    runtime: Faulty,
    program: &Path,
    arguments: &[&str],
    mut input: Vec<u8>,
) -> io::Result<Output> {
    let Faulty { sound, switch } = runtime;
    if switch.shows(Fault::AnswersEarly) {
        let status = ExitStatus::default();
        return Ok(Output { status, stdout: Vec::new(), stderr: Vec::new() });
    }
    if switch.shows(Fault::DoublesBytes) {
        input.extend_from_within(..);
    }
    if switch.shows(Fault::DoesNothing) {
        input.clear();
    }
    let mut output = sound.run(program, arguments, input).await?;
    lose(switch, &mut output.stdout);
    Ok(output)
}
