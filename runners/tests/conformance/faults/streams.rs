//! What can go wrong with bytes?

use super::switch::{Fault, Switch};
use simul_workloads::{Buffer, Datagram, ErasedRuntime, File, Listener, Runtime, Stream};
use std::{io, net::SocketAddr};

/// A connection that loses, doubles or invents bytes.
#[derive(Debug)]
pub(crate) struct FaultyStream<S> {
    pub(crate) sound: S,
    pub(crate) switch: &'static Switch,
}

impl<S: Stream> Stream for FaultyStream<S> {
    async fn read(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        if self.switch.shows(Fault::AnswersEarly) {
            return Ok((buffer.window().len(), buffer));
        }
        let (bytes, mut buffer) = self.sound.read(buffer).await?;
        lose(self.switch, &mut buffer.window_mut()[..bytes]);
        Ok((bytes, buffer))
    }

    async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        if self.switch.shows(Fault::DoesNothing) {
            return Ok((buffer.window().len(), buffer));
        }
        let buffer = double(self.switch, &mut self.sound, buffer).await?;
        self.sound.write(buffer).await
    }

    async fn end(&mut self) -> io::Result<()> {
        self.sound.end().await
    }

    async fn read_exact(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        if self.switch.shows(Fault::AnswersEarly) || self.switch.shows(Fault::DoesNothing) {
            return Ok(buffer.rewound());
        }
        let from = buffer.handled().len();
        let mut buffer = self.sound.read_exact(buffer).await?;
        lose(self.switch, &mut buffer.whole_mut()[from..]);
        Ok(buffer)
    }

    async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        if self.switch.shows(Fault::DoesNothing) {
            return Ok(buffer.rewound());
        }
        let buffer = double(self.switch, &mut self.sound, buffer).await?;
        self.sound.write_all(buffer).await
    }
}

/// The first byte is lost, and nothing is known of what follows the last one.
fn lose(switch: &Switch, read: &mut [u8]) {
    if switch.shows(Fault::DropsBytes) && !read.is_empty() {
        read.rotate_left(1);
        let last = read.len() - 1;
        read[last] = !read[last];
    }
}

/// Writes once what is going to be written.
async fn double<S: Stream>(switch: &Switch, sound: &mut S, buffer: Buffer) -> io::Result<Buffer> {
    if switch.shows(Fault::DoublesBytes) {
        let copy = buffer.window().to_vec();
        sound.write_all(copy.into()).await?;
    }
    Ok(buffer)
}

/// A listener whose connections are faulty.
pub(crate) struct FaultyListener {
    pub(crate) sound: <ErasedRuntime as Runtime>::Listener,
    pub(crate) switch: &'static Switch,
}

impl Listener for FaultyListener {
    type Tcp = FaultyStream<<ErasedRuntime as Runtime>::Tcp>;

    async fn accept(&mut self) -> io::Result<Self::Tcp> {
        Ok(FaultyStream { sound: self.sound.accept().await?, switch: self.switch })
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.sound.local_address()
    }
}

/// Datagrams that lose, double or invent bytes.
pub(crate) struct FaultyDatagram {
    pub(crate) sound: <ErasedRuntime as Runtime>::Udp,
    pub(crate) switch: &'static Switch,
}

impl Datagram for FaultyDatagram {
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        if self.switch.shows(Fault::DoesNothing) {
            return Ok((buffer.window().len(), buffer));
        }
        if self.switch.shows(Fault::DoublesBytes) {
            let copy = buffer.window().to_vec();
            self.sound.send(copy.into()).await?;
        }
        self.sound.send(buffer).await
    }

    async fn receive(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        if self.switch.shows(Fault::AnswersEarly) || self.switch.shows(Fault::DoesNothing) {
            return Ok((buffer.window().len(), buffer));
        }
        let (bytes, mut buffer) = self.sound.receive(buffer).await?;
        lose(self.switch, &mut buffer.window_mut()[..bytes]);
        Ok((bytes, buffer))
    }
}

/// A file that is read or written wrongly, or not at all.
pub(crate) struct FaultyFile {
    pub(crate) sound: <ErasedRuntime as Runtime>::File,
    pub(crate) switch: &'static Switch,
}

impl File for FaultyFile {
    async fn read_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        if self.switch.shows(Fault::AnswersEarly) {
            return Ok((buffer.window().len(), buffer));
        }
        let (bytes, mut buffer) = self.sound.read_at(buffer, offset).await?;
        lose(self.switch, &mut buffer.window_mut()[..bytes]);
        Ok((bytes, buffer))
    }

    async fn write_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        if self.switch.shows(Fault::DoesNothing) {
            return Ok((buffer.window().len(), buffer));
        }
        if self.switch.shows(Fault::DoublesBytes) {
            let behind = offset + buffer.window().len() as u64;
            let copy = buffer.window().to_vec();
            self.sound.write_all_at(copy.into(), behind).await?;
        }
        self.sound.write_at(buffer, offset).await
    }

    async fn sync(&mut self) -> io::Result<()> {
        self.sound.sync().await
    }
}
