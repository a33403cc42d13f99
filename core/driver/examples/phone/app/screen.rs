//! A live block below the scrolling text: the status, and the line that is being typed.

use std::io::{self, Stdout};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
use tokio::sync::mpsc::UnboundedSender;

use super::view;

/// How often keys are looked for and the countdown is drawn.
const TICK: Duration = Duration::from_millis(50);
/// Letters of a typed line that are shown again.
const ECHO: usize = 60;
/// Rows of scrolled text that stay visible above the block.
const KEPT_ROWS: u16 = 4;

/// A handle to the thread that owns the terminal.
pub(crate) struct Screen {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

enum Order {
    Say(String),
    Show(Status),
}

impl Screen {
    /// Takes the terminal over; `None` if it cannot show a block. Typed lines go to `typed`.
    pub(crate) fn open(typed: UnboundedSender<String>) -> Option<Self> {
        let (orders, queue) = channel();
        let mut block = Block::open(typed).ok()?;
        let thread = std::thread::spawn(move || {
            if let Err(error) = block.run(&queue) {
                drop(block);
                eprintln!("The terminal cannot be drawn on: {error}.");
            }
        });
        Some(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Shows above the block what was typed, if it is long only its beginning.
    pub(crate) fn echo(&self, line: &str) {
        let shown: String = line.chars().take(ECHO).collect();
        let more = if shown.len() < line.len() { "…" } else { "" };
        self.say(&format!("> {shown}{more}"));
    }

    /// Shows text above the block.
    pub(crate) fn say(&self, text: &str) {
        self.order(Order::Say(text.to_owned()));
    }

    /// Shows a new status in the block.
    pub(crate) fn show(&self, status: Status) {
        self.order(Order::Show(status));
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread has said itself why it ended.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.orders.take();
        // A thread that panicked has nothing left to put in order.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The terminal and what is on it.
struct Block {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    rows: u16,
    typed: UnboundedSender<String>,
    line: String,
    status: Option<(Status, Instant)>,
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

    fn run(&mut self, orders: &Receiver<Order>) -> io::Result<()> {
        loop {
            self.draw()?;
            if event::poll(TICK)? {
                self.take(event::read()?);
                while event::poll(Duration::ZERO)? {
                    self.take(event::read()?);
                }
            }
            loop {
                match orders.try_recv() {
                    Ok(Order::Say(text)) => self.say(&text)?,
                    Ok(Order::Show(status)) => self.status = Some((status, Instant::now())),
                    Err(std::sync::mpsc::TryRecvError::Empty) => break,
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => return Ok(()),
                }
            }
        }
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
        let mut lines =
            self.status.as_ref().map(|(status, at)| live(status, at.elapsed())).unwrap_or_default();
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

/// Returns the status with its deadlines counted down by `age`, the time since it was made.
fn live(status: &Status, age: Duration) -> Vec<Line<'static>> {
    let mut lines = view::lines(status);
    let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    for session in status.sessions.iter().filter(|session| session.phase != Phase::Ended) {
        let head = format!("session {}", view::short(&session.id));
        let left = view::countdown(session.remaining_ms.saturating_sub(age));
        if let Some(line) = lines.iter_mut().find(|line| line.to_string().starts_with(&head)) {
            line.push_span(format!("  {left}").bold());
        }
    }
    lines
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
