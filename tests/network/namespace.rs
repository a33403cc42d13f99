//! A network namespace of the kernel's, held by a thread.

use std::fs;
use std::io::{Error, Result, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use nix::sched::{CloneFlags, unshare};

/// A machine of its own, as far as the network goes: its interfaces, addresses, routes and firewall.
///
/// It has no name that could be taken, and ends with its last holder: this, the processes that were started in it, and
/// the sockets that were made in it.
pub struct Namespace {
    jobs: Option<mpsc::Sender<Job>>,
    holder: Option<JoinHandle<()>>,
    id: u64,
}

type Job = Box<dyn FnOnce() + Send>;

impl Namespace {
    /// Makes one with a loopback interface.
    ///
    /// # Errors
    ///
    /// Returns why the kernel refuses.
    pub fn new() -> Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (made, is_made) = mpsc::channel();
        let hold = move || {
            let result = unshare(CloneFlags::CLONE_NEWNET).map_err(Error::from).and_then(|()| own_id());
            let is_refused = result.is_err();
            // Whoever asked may have ended meanwhile: then there is no job either.
            let _ = made.send(result);
            if !is_refused {
                queue.iter().for_each(|job| job());
            }
        };
        let holder = std::thread::Builder::new().name("namespace".into()).spawn(hold)?;
        let id = is_made.recv().expect("the holder answers")?;
        let namespace = Self { jobs: Some(jobs), holder: Some(holder), id };
        namespace.command("ip", "link set lo up")?;
        Ok(namespace)
    }

    /// Does something in the namespace: sockets made and processes started there belong to it.
    ///
    /// # Panics
    ///
    /// Panics if the job does.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = mpsc::channel();
        let job = Box::new(move || {
            // Whoever asked waits below.
            let _ = done.send(job());
        });
        self.jobs.as_ref().expect("it is held").send(job).expect("the holder lives");
        result.recv().expect("the job ends well")
    }

    /// Starts a process in the namespace.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be started.
    pub fn spawn(&self, mut command: Command) -> Result<Child> {
        self.run(move || command.spawn())
    }

    /// Runs one of the system's network tools with these words until it ends.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be started, or what it complains about.
    pub fn command(&self, program: &str, words: &str) -> Result<()> {
        self.command_reading(program, words, "")
    }

    /// Does as [`Namespace::command`], and lets the program read `input`.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be started, or what it complains about.
    pub fn command_reading(&self, program: &str, words: &str, input: &str) -> Result<()> {
        let mut command = Command::new(program);
        command.args(words.split_whitespace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let missing = |error: Error| Error::new(error.kind(), format!("{program} cannot be run: {error}"));
        let mut child = self.spawn(command).map_err(missing)?;
        child.stdin.take().expect("a pipe").write_all(input.as_bytes())?;
        let ended = child.wait_with_output()?;
        if ended.status.success() {
            return Ok(());
        }
        Err(Error::other(format!("{program} {words}: {}", String::from_utf8_lossy(&ended.stderr).trim())))
    }

    /// Returns the number by which the kernel knows it.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(holder) = self.holder.take() {
            // A holder whose job panicked has said so.
            let _ = holder.join();
        }
    }
}

/// Returns the number of the namespace that this thread is in.
fn own_id() -> Result<u64> {
    let link = fs::read_link("/proc/thread-self/ns/net")?;
    let number: String = link.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    number.parse().map_err(Error::other)
}
