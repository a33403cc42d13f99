//! Two homes behind routers that translate addresses, and an internet between them.

use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::time::Duration;

use countersign_tests::network::can_translate;
use countersign_tests::network::namespace::Namespace;
use countersign_tests::network::router::{Mapping, Router};
use countersign_tests::network::switch::Switch;
use socket2::{Domain, Socket, Type};

/// The port that phones dial from and listen at.
pub(crate) const PORT: u16 = 4_001;
/// How long a dial may take: the first packet of one and the other may be dropped, and is sent again after a second.
pub(crate) const DIAL: Duration = Duration::from_secs(4);

/// Two phones at home, each behind a router, and two servers on the internet.
pub(crate) struct Homes {
    /// Where the phones are.
    pub(crate) phones: [Namespace; 2],
    /// Where the servers are.
    pub(crate) servers: [Namespace; 2],
    _routers: [Router; 2],
    nets: [Switch; 3],
}

impl Homes {
    /// Makes them; the phones' nets and the internet are good. `None` where that is not permitted.
    pub(crate) fn new(mapping: Mapping) -> Option<Self> {
        can_translate().then(|| {
            let nets = [0, 1, 2].map(|seed| Switch::new(seed).expect("a switch"));
            let [phones, servers] =
                [(); 2].map(|()| [(); 2].map(|()| Namespace::new().expect("a namespace")));
            for (at, server) in servers.iter().enumerate() {
                nets[2].plug(server, Self::server(at)).expect("a port");
            }
            let routers = [0, 1].map(|home| {
                let inner = Ipv4Addr::new(10, 1, home as u8, 1);
                let router = Router::new((&nets[home], inner), (&nets[2], Self::router(home)), mapping);
                let router = router.expect("a router");
                router.plug(&nets[home], &phones[home], Self::phone(home)).expect("a port");
                router
            });
            Self { phones, servers, _routers: routers, nets }
        })
    }

    /// Returns the net between the homes.
    pub(crate) fn internet(&self) -> &Switch {
        &self.nets[2]
    }

    /// Returns a phone's address at home.
    pub(crate) fn phone(home: usize) -> Ipv4Addr {
        Ipv4Addr::new(10, 1, home as u8, 2)
    }

    /// Returns the address of a home's router on the internet.
    pub(crate) fn router(home: usize) -> Ipv4Addr {
        Ipv4Addr::new(198, 51, 100, 11 + home as u8)
    }

    /// Returns a server's address.
    pub(crate) fn server(at: usize) -> Ipv4Addr {
        Ipv4Addr::new(198, 51, 100, 1 + at as u8)
    }

    /// Lets a phone call a server, and returns its end and the address that the server sees.
    pub(crate) fn call(&self, home: usize, server: usize) -> Result<(TcpStream, SocketAddrV4)> {
        let address = SocketAddrV4::new(Self::server(server), PORT);
        let listener = self.servers[server].run(move || TcpListener::bind(address))?;
        let mut ends = [self.dial(home, address, DIAL)?, listener.accept()?.0];
        assert!(passes(&mut ends), "bytes pass");
        let [phone, server] = ends;
        match server.peer_addr()? {
            SocketAddr::V4(seen) => Ok((phone, seen)),
            SocketAddr::V6(seen) => panic!("{seen} in a net of IPv4"),
        }
    }

    /// Dials from a phone's port.
    pub(crate) fn dial(&self, home: usize, to: SocketAddrV4, limit: Duration) -> Result<TcpStream> {
        let from = SocketAddrV4::new(Self::phone(home), PORT);
        let socket = self.phones[home].run(|| Socket::new(Domain::IPV4, Type::STREAM, None))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&from.into())?;
        socket.connect_timeout(&to.into(), limit)?;
        Ok(socket.into())
    }

    /// Lets a phone listen at its port.
    pub(crate) fn listen(&self, home: usize) -> Socket {
        let socket = self.phones[home].run(|| Socket::new(Domain::IPV4, Type::STREAM, None));
        let socket = socket.expect("a socket");
        socket.set_reuse_address(true).expect("an option");
        socket.set_reuse_port(true).expect("an option");
        socket.bind(&SocketAddrV4::new(Self::phone(home), PORT).into()).expect("an address");
        socket.listen(1).expect("it listens");
        socket
    }
}

/// Sends from the first end, and returns whether it arrives at the second.
pub(crate) fn passes(ends: &mut [TcpStream; 2]) -> bool {
    let [from, to] = ends;
    to.set_read_timeout(Some(DIAL)).expect("a time");
    let mut buffer = [0; 5];
    from.write_all(b"hello").and_then(|()| to.read_exact(&mut buffer)).is_ok() && buffer == *b"hello"
}
