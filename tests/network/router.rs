//! A home router: a namespace between two nets that lends the inner one its address on the outer one.

use std::fs;
use std::io;
use std::net::Ipv4Addr;

use super::namespace::Namespace;
use super::switch::{Port, Switch};

/// How a router chooses the port by which the outer net knows a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// The port that the phone uses, to whomever: others can be told of it, and holes can be punched.
    Kept,
    /// Another for each connection: nobody can know it before.
    Random,
}

/// A router that translates addresses. From outside nothing gets in that does not answer something from inside.
pub struct Router {
    namespace: Namespace,
    /// Its port on the inner net.
    pub inner: Port,
    /// Its port on the outer net.
    pub outer: Port,
    inner_address: Ipv4Addr,
}

impl Router {
    /// Plugs a router into both nets.
    ///
    /// # Errors
    ///
    /// Returns what the kernel, `ip` or `nft` refuses.
    pub fn new(
        (inner_net, inner_address): (&Switch, Ipv4Addr),
        (outer_net, outer_address): (&Switch, Ipv4Addr),
        mapping: Mapping,
    ) -> io::Result<Self> {
        let namespace = Namespace::new()?;
        let inner = inner_net.plug(&namespace, inner_address)?;
        let outer = outer_net.plug(&namespace, outer_address)?;
        inner_net.set_gateway(inner);
        namespace.run(|| fs::write("/proc/sys/net/ipv4/ip_forward", "1"))?;
        let (inside, outside) = (inner_net.device(inner)?, outer_net.device(outer)?);
        namespace.command("ip", &format!("route add default dev {outside}"))?;
        let rules = rules(&inside, &outside, mapping);
        namespace.command_reading("nft", "--file -", &rules)?;
        Ok(Self { namespace, inner, outer, inner_address })
    }

    /// Plugs a namespace into the inner net, with this router as its way out.
    ///
    /// # Errors
    ///
    /// Returns what the kernel or `ip` refuses.
    pub fn plug(&self, inner_net: &Switch, namespace: &Namespace, address: Ipv4Addr) -> io::Result<Port> {
        let port = inner_net.plug(namespace, address)?;
        namespace.command("ip", &format!("route add default via {}", self.inner_address))?;
        Ok(port)
    }

    /// Returns the namespace that it runs in.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}

/// What comes from outside unasked is dropped without an answer, as home routers do: a refusal would end the dial of
/// somebody who punches a hole.
fn rules(inner: &str, outer: &str, mapping: Mapping) -> String {
    let how = match mapping {
        Mapping::Kept => "masquerade",
        Mapping::Random => "masquerade fully-random",
    };
    format!(
        "table ip router {{
            chain leaving {{
                type nat hook postrouting priority srcnat;
                oifname {outer} {how}
            }}
            chain for_us {{
                type filter hook input priority filter; policy drop;
                iifname {{ lo, {inner} }} accept
                ct state established,related accept
            }}
            chain passing {{
                type filter hook forward priority filter; policy drop;
                iifname {inner} accept
                ct state established,related accept
            }}
        }}"
    )
}
