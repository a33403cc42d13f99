//! A live block below the scrolling text: the status, and the line that is being typed.

use std::io::{self, PipeReader, PipeWriter, Read, Stdout, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign_driver::machine::session::Phase;
use countersign_driver::machine::status::Status;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::style::Stylize;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Paragraph, Widget};
use ratatui::{Terminal, TerminalOptions, Viewport};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::{boot_us, view};

/// Letters of a typed line that are shown again.
const ECHO: usize = 60;
/// Rows of scrolled text that stay visible above the block.
const KEPT_ROWS: u16 = 4;
/// How often a countdown that has come to its end is looked at.
const OVERDUE: Duration = Duration::from_secs(1);

/// A handle to the thread that owns the terminal. That thread sleeps until a key is pressed, an order comes, or a
/// countdown on the screen shows another second.
pub(crate) struct Screen {
    desk: Desk,
    thread: Option<JoinHandle<()>>,
    /// Passes on that the terminal has another size.
    resizes: Option<tokio::task::JoinHandle<()>>,
}

/// Where orders are given.
#[derive(Clone)]
struct Desk {
    orders: Sender<Order>,
    /// Wakes the thread, which waits for keys at the same time.
    bell: Arc<PipeWriter>,
}

enum Order {
    Say(String),
    Show(Status),
    /// Draw again: the terminal has another size.
    Redraw,
    Close,
}

impl Desk {
    fn order(&self, order: Order) {
        // The thread has said itself why it ended.
        if self.orders.send(order).is_ok() {
            let _ = (&*self.bell).write(&[0]);
        }
    }
}

impl Screen {
    /// Takes the terminal over; `None` if it cannot show a block. Typed lines go to `typed`.
    pub(crate) fn open(typed: UnboundedSender<String>) -> Option<Self> {
        let (ears, bell) = io::pipe().ok()?;
        let (orders, queue) = channel();
        let mut block = Block::open(typed).ok()?;
        let thread = std::thread::spawn(move || {
            if let Err(error) = block.run(&queue, ears) {
                drop(block);
                eprintln!("The terminal cannot be drawn on: {error}.");
            }
        });
        let desk = Desk { orders, bell: Arc::new(bell) };
        let resizes = signal(SignalKind::window_change()).ok().map(|mut resized| {
            let desk = desk.clone();
            tokio::spawn(async move {
                while resized.recv().await.is_some() {
                    desk.order(Order::Redraw);
                }
            })
        });
        Some(Self { desk, thread: Some(thread), resizes })
    }

    /// Shows above the block what was typed, if it is long only its beginning.
    pub(crate) fn echo(&self, line: &str) {
        let shown: String = line.chars().take(ECHO).collect();
        let more = if shown.len() < line.len() { "…" } else { "" };
        self.say(&format!("> {shown}{more}"));
    }

    /// Shows text above the block.
    pub(crate) fn say(&self, text: &str) {
        self.desk.order(Order::Say(text.to_owned()));
    }

    /// Shows a new status in the block.
    pub(crate) fn show(&self, status: Status) {
        self.desk.order(Order::Show(status));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.desk.order(Order::Close);
        // A thread that panicked has nothing left to put in order.
        let _ = self.thread.take().map(JoinHandle::join);
        self.resizes.take().inspect(tokio::task::JoinHandle::abort);
    }
}

/// Why the thread goes on.
#[derive(PartialEq, Eq)]
enum Woken {
    Again,
    /// The terminal has gone away.
    Abandoned,
}

/// The terminal and what is on it.
struct Block {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    rows: u16,
    typed: UnboundedSender<String>,
    line: String,
    /// What is shown, and when it was made, in microseconds since boot.
    status: Option<(Status, u64)>,
}

impl Block {
    fn open(typed: UnboundedSender<String>) -> io::Result<Self> {
        enable_raw_mode()?;
        let opened = execute!(io::stdout(), EnableBracketedPaste).and_then(|()| terminal(1));
        match opened {
            Ok(terminal) => Ok(Self { terminal, rows: 1, typed, line: String::new(), status: None }),
            Err(error) => {
                disable_raw_mode()?;
                Err(error)
            }
        }
    }

    fn run(&mut self, orders: &Receiver<Order>, mut ears: PipeReader) -> io::Result<()> {
        loop {
            self.draw()?;
            // Drawing asks the terminal for the cursor's place, and may have read keys before the answer.
            if self.take_keys()? {
                continue;
            }
            if self.wait(&mut ears)? == Woken::Abandoned {
                self.line = "quit".to_owned();
                self.enter();
                return Ok(());
            }
            self.take_keys()?;
            loop {
                match orders.try_recv() {
                    Ok(Order::Say(text)) => self.say(&text)?,
                    Ok(Order::Show(status)) => self.status = Some((status, boot_us())),
                    Ok(Order::Redraw) => {}
                    Err(TryRecvError::Empty) => break,
                    Ok(Order::Close) | Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
        }
    }

    /// Takes what has been pressed; returns whether something was.
    fn take_keys(&mut self) -> io::Result<bool> {
        let mut taken = false;
        while event::poll(Duration::ZERO)? {
            self.take(event::read()?);
            taken = true;
        }
        Ok(taken)
    }

    /// Sleeps until there is something to do.
    fn wait(&self, ears: &mut PipeReader) -> io::Result<Woken> {
        let timeout = self.next_second().and_then(|pause| Timespec::try_from(pause).ok());
        let keys = io::stdin();
        let mut both = [PollFd::new(&keys, PollFlags::IN), PollFd::new(&*ears, PollFlags::IN)];
        match poll(&mut both, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [keys, rung] = both.map(|one| one.revents());
        if rung.contains(PollFlags::IN) {
            // However often it was rung: the orders themselves say how many there are.
            let _ = ears.read(&mut [0; 64])?;
        }
        let hung_up = keys.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
        Ok(if hung_up { Woken::Abandoned } else { Woken::Again })
    }

    /// Returns when the countdown of the session that expires first shows another second; never without an open one.
    fn next_second(&self) -> Option<Duration> {
        let (status, made) = self.status.as_ref()?;
        let open = status.sessions.iter().filter(|session| session.phase != Phase::Ended);
        let left_ms = open.map(|session| session.remaining_ms).min()?.saturating_sub(age_ms(*made));
        Some(left_ms.checked_sub(1).map_or(OVERDUE, |left| Duration::from_millis(left % 1000 + 1)))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the terminal's enum grows; the rest means nothing here"
    )]
    fn take(&mut self, event: Event) {
        match event {
            Event::Key(KeyEvent {
                code,
                modifiers,
                kind: KeyEventKind::Press | KeyEventKind::Repeat,
                ..
            }) => {
                self.press(code, modifiers);
            }
            // A card that was copied from several lines is one word, and nothing pasted runs unread.
            Event::Paste(text) => self.line.extend(text.chars().filter(|letter| !letter.is_control())),
            _ => {}
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the terminal's enum grows; the rest means nothing here"
    )]
    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let control = modifiers.contains(KeyModifiers::CONTROL);
        match code {
            KeyCode::Char('c' | 'd') if control => {
                self.line = "quit".to_owned();
                self.enter();
            }
            KeyCode::Char('u') if control => self.line.clear(),
            KeyCode::Char(letter) if !control => self.line.push(letter),
            KeyCode::Backspace => drop(self.line.pop()),
            KeyCode::Enter => self.enter(),
            _ => {}
        }
    }

    fn enter(&mut self) {
        // The loop may have ended already: then nothing that is typed matters.
        let _ = self.typed.send(std::mem::take(&mut self.line));
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let lines = wrap(text, usize::from(self.terminal.size()?.width));
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        self.terminal.insert_before(rows, |buffer| Paragraph::new(lines).render(buffer.area, buffer))
    }

    fn draw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        let mut lines = self.status.as_ref().map(|(status, made)| live(status, *made)).unwrap_or_default();
        let most = usize::from(size.height.saturating_sub(KEPT_ROWS).max(2)) - 1;
        if lines.len() > most {
            let hidden = lines.len() - (most - 1);
            lines.truncate(most - 1);
            lines.push(Line::from(format!("… {hidden} more lines: type status").dim()));
        }
        lines.push(prompt(&self.line, usize::from(size.width)));
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        if rows != self.rows {
            self.terminal.clear()?;
            self.terminal = terminal(rows)?;
            self.rows = rows;
        }
        let column = u16::try_from(lines.last().map_or(0, Line::width)).unwrap_or(u16::MAX);
        self.terminal.draw(|frame| {
            let area = frame.area();
            frame.render_widget(Paragraph::new(Text::from(lines)), area);
            frame.set_cursor_position((
                column.min(area.width.saturating_sub(1)),
                area.bottom().saturating_sub(1),
            ));
        })?;
        Ok(())
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // Best effort: there is no other way left to put the terminal in order.
        let top = self.terminal.get_frame().area().as_position();
        let _ = self.terminal.clear();
        let _ = self.terminal.set_cursor_position(top);
        let _ = execute!(io::stdout(), DisableBracketedPaste);
        let _ = disable_raw_mode();
        let _ = self.terminal.backend_mut().show_cursor();
    }
}

fn terminal(rows: u16) -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    let options = TerminalOptions { viewport: Viewport::Inline(rows) };
    Terminal::with_options(CrosstermBackend::new(io::stdout()), options)
}

/// Returns a status that was made at `made` with its deadlines counted down.
fn live(status: &Status, made: u64) -> Vec<Line<'static>> {
    view::lines(&view::aged(status, age_ms(made)))
}

fn age_ms(made: u64) -> u64 {
    boot_us().saturating_sub(made) / 1000
}

/// Returns the line being typed, its end if it is too long.
fn prompt(line: &str, width: usize) -> Line<'static> {
    let letters: Vec<char> = line.chars().collect();
    let room = width.saturating_sub(3);
    let shown: String = letters[letters.len().saturating_sub(room)..].iter().collect();
    Line::from(vec!["> ".bold(), shown.into()])
}

/// Breaks text into lines of at most `width` letters: a card is one long word.
fn wrap(text: &str, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        let pieces = letters.chunks(width.max(1)).map(|piece| Line::from(piece.iter().collect::<String>()));
        lines.extend(pieces);
    }
    lines
}
