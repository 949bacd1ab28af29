//! How is TLS 1.3 spoken over a stream of the port?
//!
//! By rustls, which sees bytes and no sockets; the client verifies the peer's certificate against the one root
//! that it trusts. Certificate and key lie in `tls/`, valid for a thousand years and for nothing else. Without
//! resumption: every handshake is a whole one, and costs what the label says. Cryptography is `ring`'s for
//! everybody, since it is not what is compared.
//!
//! It must not know any runtime. rustls reads the system's clock to judge the certificate; nothing here does.

use crate::{Buffer, Stream, wire::Wire};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::TLS13,
};
use std::{
    io::{self, Read, Write},
    sync::Arc,
};

const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.pem");
const KEY: &[u8] = include_bytes!("tls/key.pem");
/// The name for which the certificate is valid.
const NAME: &str = "localhost";

/// What a client says and whom it trusts: the throw-away certificate.
///
/// # Errors
/// `InvalidData` when the library does not take our certificate.
pub fn client() -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate()?).map_err(invalid)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(invalid)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// What a peer says: the throw-away certificate, and no tickets.
///
/// # Errors
/// `InvalidData` when the library does not take our certificate or its key.
pub fn server() -> io::Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::from_pem_slice(KEY).map_err(invalid)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(invalid)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate()?], key)
        .map_err(invalid)?;
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn certificate() -> io::Result<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(CERTIFICATE).map_err(invalid)
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// A client's connection over which TLS is spoken.
pub struct Tls<S> {
    wire: Wire<S>,
    connection: ClientConnection,
    /// What goes to the stream; its room is kept.
    outbox: Vec<u8>,
}

impl<S: Stream> Tls<S> {
    /// Shakes hands; the peer's certificate is verified.
    ///
    /// # Errors
    /// `InvalidData` when the peer is not who it says or talks nonsense, else whatever the operating system
    /// says.
    pub async fn open(config: Arc<ClientConfig>, stream: S) -> io::Result<Self> {
        let name = ServerName::try_from(NAME).map_err(invalid)?;
        let connection = ClientConnection::new(config, name).map_err(invalid)?;
        let mut tls = Self { wire: Wire::new(stream), connection, outbox: Vec::new() };
        tls.connection.set_buffer_limit(None);
        tls.flush().await?;
        while tls.connection.is_handshaking() {
            tls.hear().await?;
            tls.flush().await?;
        }
        Ok(tls)
    }

    /// Sends bytes, encrypted.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.writer().write_all(bytes)?;
        self.flush().await
    }

    /// Fills `bytes` with what comes, decrypted.
    ///
    /// # Errors
    /// `UnexpectedEof` when the peer ends early, `InvalidData` when a record is not the peer's, else whatever
    /// the operating system says.
    pub async fn receive(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.connection.reader().read(&mut bytes[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.hear().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says that nothing more will come, as TLS demands, and drops the connection.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub async fn close(mut self) -> io::Result<()> {
        self.connection.send_close_notify();
        self.flush().await
    }

    /// Takes in what has come, and waits only when that is nothing: the library takes a few KiB at a time.
    async fn hear(&mut self) -> io::Result<()> {
        if self.wire.received().is_empty() {
            self.wire.fill().await?;
        }
        let bytes = self.connection.read_tls(&mut self.wire.received())?;
        // It takes nothing more after the peer's goodbye.
        if bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.wire.consume(bytes);
        self.connection.process_new_packets().map_err(invalid)?;
        Ok(())
    }

    /// Sends what there is to send.
    async fn flush(&mut self) -> io::Result<()> {
        let mut outbox = std::mem::take(&mut self.outbox);
        outbox.clear();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut outbox)?;
        }
        if !outbox.is_empty() {
            outbox = self.wire.send(Buffer::from(outbox)).await?.into_bytes();
        }
        self.outbox = outbox;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ServerConnection, pki_types::PrivatePkcs8KeyDer};

    /// Talks in memory until both are content or one is not.
    fn meet(
        client: Arc<ClientConfig>,
        name: &'static str,
    ) -> Result<ClientConnection, rustls::Error> {
        let mut server = ServerConnection::new(server().unwrap())?;
        let mut client = ClientConnection::new(client, ServerName::try_from(name).unwrap())?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).unwrap();
            server.read_tls(&mut &bytes[..]).unwrap();
            server.process_new_packets()?;
            bytes.clear();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            client.read_tls(&mut &bytes[..]).unwrap();
            client.process_new_packets()?;
        }
        Ok(client)
    }

    #[test]
    fn the_peer_is_known_by_its_name_and_it_is_tls_1_3() {
        let met = meet(client().unwrap(), NAME).unwrap();
        assert_eq!(met.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
        assert_eq!(met.handshake_kind(), Some(rustls::HandshakeKind::Full));
    }

    #[test]
    fn another_name_and_an_unknown_root_are_refused() {
        assert!(matches!(
            meet(client().unwrap(), "example.org"),
            Err(rustls::Error::InvalidCertificate(_))
        ));
        let trusts_nobody = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        assert!(matches!(
            meet(Arc::new(trusts_nobody), NAME),
            Err(rustls::Error::InvalidCertificate(_))
        ));
    }

    #[test]
    fn the_key_is_the_certificates() {
        assert!(PrivatePkcs8KeyDer::from_pem_slice(KEY).is_ok());
        assert!(server().is_ok());
    }
}
