//! Shows how far the phones are: a live table on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Stdout};
use std::time::Instant;

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::Constraint;
use ratatui::style::Stylize;
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row, Table as Grid, Widget};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use serde_json::Value;

use super::app::boot_us;
use super::app::view::{countdown, millis};
use super::child::Phone;

/// Rows besides the participants': the heading and the last line.
const EXTRA_ROWS: u16 = 2;

/// The table.
pub(crate) struct Table {
    terminal: Option<Terminal<CrosstermBackend<Stdout>>>,
    /// Whom the links are seen from: every phone's status, by slot.
    pub(crate) links: Vec<Links>,
    pub(crate) began: Instant,
    /// When the session expires, by the boot clock, as long as that matters.
    pub(crate) expires_us: Option<u64>,
    /// The line printed last, where there is no terminal.
    printed: String,
}

/// How one phone sees the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    /// How many others it reaches, each with a round trip measured.
    pub(crate) reached: usize,
    /// The path to the first of them.
    pub(crate) path: String,
    /// Median round trip, in microseconds.
    pub(crate) rtt_us: Option<u64>,
}

impl Links {
    /// Reads the links of the only wallet out of a status.
    pub(crate) fn read(status: &Value) -> Self {
        let participants = status["wallets"][0]["participants"].as_array();
        let others = participants.into_iter().flatten();
        let reached: Vec<&Value> =
            others.filter(|one| one["link"] == "reachable" && one["rtt_us"].is_u64()).collect();
        let mut trips: Vec<u64> = reached.iter().filter_map(|one| one["rtt_us"].as_u64()).collect();
        trips.sort_unstable();
        Self {
            reached: reached.len(),
            path: reached.first().and_then(|one| one["path"].as_str()).unwrap_or_default().to_owned(),
            rtt_us: trips.get(trips.len() / 2).copied(),
        }
    }
}

impl Table {
    /// Opens a table for `count` phones: live if wanted and if standard output is a terminal that can.
    pub(crate) fn open(count: usize, live: bool) -> Self {
        let rows = u16::try_from(count).unwrap_or(u16::MAX).saturating_add(EXTRA_ROWS);
        let terminal = (live && io::stdout().is_terminal()).then(|| terminal(rows).ok()).flatten();
        let (began, printed) = (Instant::now(), String::new());
        Self { terminal, links: vec![Links::default(); count], began, expires_us: None, printed }
    }

    /// Draws the phones as they are; `doing` says what they are at.
    pub(crate) fn draw(&mut self, phones: &[Phone], doing: &str) {
        let Self { terminal, links, began, expires_us, printed } = self;
        let left = expires_us.map(|at| countdown(at.saturating_sub(boot_us()) / 1000));
        let left = left.map(|left| format!("   {left}")).unwrap_or_default();
        match terminal {
            Some(terminal) => {
                // A terminal that cannot be drawn on now may be drawable the next time.
                let _ =
                    terminal.draw(|frame| render(frame, phones, links, *began, &format!("{doing}{left}")));
            }
            None if printed != doing && !doing.is_empty() => {
                eprintln!("{doing}");
                doing.clone_into(printed);
            }
            None => {}
        }
    }

    /// Says something that stays.
    pub(crate) fn note(&mut self, text: &str) {
        match &mut self.terminal {
            Some(terminal) => {
                // As above: the table itself goes on.
                let _ = terminal.insert_before(1, |buffer| Paragraph::new(text).render(buffer.area, buffer));
            }
            None => eprintln!("{text}"),
        }
    }

    /// Leaves the table where it is and the cursor below it.
    pub(crate) fn close(&mut self) {
        if let Some(mut terminal) = self.terminal.take() {
            let bottom = terminal.get_frame().area().bottom();
            // Best effort: the result below it matters more.
            let _ = terminal.set_cursor_position((0, bottom.saturating_sub(1)));
            let _ = terminal.show_cursor();
            let _ = terminal.backend_mut().append_lines(1);
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.close();
    }
}

fn terminal(rows: u16) -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    let most = ratatui::crossterm::terminal::size()?.1.saturating_sub(1);
    let options = TerminalOptions { viewport: Viewport::Inline(rows.min(most)) };
    Terminal::with_options(CrosstermBackend::new(io::stdout()), options)
}

fn render(frame: &mut Frame<'_>, phones: &[Phone], links: &[Links], began: Instant, doing: &str) {
    let area = frame.area();
    let room = usize::from(area.height.saturating_sub(EXTRA_ROWS));
    let others = phones.len().saturating_sub(1);
    let rows = phones.iter().zip(links).enumerate().take(room).map(|(slot, (phone, links))| {
        let link = match (&phone.card, links.reached) {
            _ if phone.absent => Cell::from("✗ absent").red(),
            (None, _) => Cell::from("◌ starting").yellow(),
            (Some(_), 0) => Cell::from("◌ dialling").yellow(),
            (Some(_), reached) if reached < others => Cell::from(format!("◌ {reached} of {others}")).yellow(),
            (Some(_), _) => Cell::from("● reachable").green(),
        };
        let trip = links.rtt_us.map(|us| format!("{} ms", millis(us))).unwrap_or_default();
        let seen = &phone.session;
        let signed = seen.ended.as_ref().is_some_and(|(outcome, _)| outcome["how"] == "completed");
        Row::new([
            Cell::from(format!("{slot:>3}  {}", phone.name)),
            link,
            Cell::from(links.path.clone()),
            Cell::from(trip),
            dot(seen.nonces || signed),
            dot(seen.partials || signed),
        ])
    });
    let widths = [
        Constraint::Length(18),
        Constraint::Length(14),
        Constraint::Length(8),
        Constraint::Length(12),
        Constraint::Length(8),
        Constraint::Length(8),
    ];
    let head = Row::new(["     participant", "link", "path", "round trip", "nonce", "partial"]).bold();
    let attempt = phones.iter().map(|phone| phone.session.attempt).max().unwrap_or_default() + 1;
    let hidden = match phones.len().saturating_sub(room) {
        0 => String::new(),
        hidden => format!("   {hidden} more phones"),
    };
    let last = format!("{doing}   attempt {attempt}   {:.1} s{hidden}", began.elapsed().as_secs_f64());
    let [grid, below] =
        ratatui::layout::Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    frame.render_widget(Grid::new(rows, widths).header(head), grid);
    frame.render_widget(Line::from(last), below);
}

fn dot(given: bool) -> Cell<'static> {
    if given { Cell::from("●").green() } else { Cell::from("○").dim() }
}
