#!/usr/bin/env python3
"""Draws docs/benchmarks.svg, docs/deadlines.svg and docs/network.svg from the tables of BENCHMARKS.md."""

from math import log10
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDTH, ROW, LEFT, SCALE = 760, 22, 130, 230
COLOURS = {"bare": "#4c78a8", "envelopes": "#f2b134", "rest": "#b8b8b8"}
OPERATIONS = ["insert", "move", "fire"]
QUEUES = {
    "Deadlines (ours)": "#4c78a8",
    "DelayQueue": "#f2b134",
    "DelayQueue, named": "#a8741a",
    "BinaryHeap, named": "#8a8a8a",
}


def tables():
    """Returns the cells of every line of every table."""
    for line in (ROOT / "BENCHMARKS.md").read_text().splitlines():
        yield [cell.strip() for cell in line.strip("|").split("|")]


def rows():
    """Returns (signers, items, machine, bare, envelopes), the times in ms."""
    for cells in tables():
        if len(cells) == 7 and cells[0].isdigit() and cells[1].isdigit():
            machine, bare, envelopes = (float(cell.split()[0]) for cell in cells[2:5])
            yield int(cells[0]), int(cells[1]), machine, bare, envelopes


def bar(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y}" width="{max(width, 0):.1f}" height="{ROW - 8}" fill="{colour}"/>'


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{words}</text>'


def draw_sessions():
    table = list(rows())
    height = 70 + ROW * len(table)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        text(10, 20, "One phone's time to decide a whole session, as a multiple of bare musig2 calls"),
    ]
    for at, (name, colour) in enumerate(COLOURS.items()):
        out += [bar(LEFT + at * 150, 30, 14, colour), text(LEFT + 20 + at * 150, 42, name)]
    for at, (signers, items, machine, bare, envelopes) in enumerate(table):
        y = 56 + at * ROW
        out.append(text(LEFT - 8, y + 12, f"n = {signers}, k = {items}", "end"))
        seal = min(envelopes / bare, machine / bare - 1)
        out.append(bar(LEFT, y, min(SCALE, SCALE * machine / bare), COLOURS["bare"]))
        out.append(bar(LEFT + SCALE, y, SCALE * seal, COLOURS["envelopes"]))
        out.append(bar(LEFT + SCALE * (1 + max(seal, 0)), y, SCALE * (machine / bare - 1 - max(seal, 0)), COLOURS["rest"]))
        x = min(LEFT + SCALE * machine / bare + 6, WIDTH - 40)
        out.append(text(x, y + 12, f"{machine / bare:.2f}"))
    out.append("</svg>")
    (ROOT / "docs" / "benchmarks.svg").write_text("\n".join(out) + "\n")


def costs(operation):
    """Returns (deadlines, ns of each queue)."""
    for cells in tables():
        if len(cells) == 7 and cells[0] == operation and cells[1].isdigit():
            yield int(cells[1]), [float(cell.split()[0]) for cell in cells[2:6]]


def line(points, colour, dash=""):
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'


def draw_deadlines():
    panel, height, top, left = 210, 240, 70, 70
    floor, ceiling = 10, 10_000
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + height + 50}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{top + height + 50}" fill="white"/>',
        text(10, 20, "Nanoseconds an operation against the number of deadlines, both logarithmic; dashed: log n from our first"),
    ]
    for at, (name, colour) in enumerate(QUEUES.items()):
        out += [bar(left + at * 160, 30, 14, colour), text(left + 20 + at * 160, 42, name)]

    def place(which, count, ns):
        x = left + which * (panel + 15) + 15 + (log10(count) - 2) / 4 * (panel - 30)
        return x, top + height - (log10(ns) - log10(floor)) / (log10(ceiling) - log10(floor)) * height

    for which, operation in enumerate(OPERATIONS):
        x = left + which * (panel + 15)
        for power in range(1, 5):
            y = place(which, 100, 10**power)[1]
            out.append(f'<line x1="{x}" y1="{y:.1f}" x2="{x + panel}" y2="{y:.1f}" stroke="#e0e0e0"/>')
            if which == 0:
                out.append(text(x - 6, f"{y + 4:.1f}", f"{10**power} ns", "end"))
        table = list(costs(operation))
        for count, _ in table:
            out.append(text(place(which, count, floor)[0], top + height + 16, f"10^{round(log10(count))}", "middle"))
        out.append(text(x + panel / 2, top + height + 36, operation, "middle"))
        first = table[0][1][0]
        log = [place(which, count, first * log10(count) / log10(table[0][0])) for count, _ in table]
        out.append(line(log, "#4c78a8", "4 4"))
        for queue, colour in enumerate(QUEUES.values()):
            out.append(line([place(which, count, ns[queue]) for count, ns in table], colour))
    out.append("</svg>")
    (ROOT / "docs" / "deadlines.svg").write_text("\n".join(out) + "\n")


def sessions():
    """Returns (label, connected, its floor, from disconnected, its floor, JavaScript), all in ms, at 100 ms a round trip."""
    number = lambda cell: float(cell.split()[0]) if cell != "-" else None
    for cells in tables():
        if len(cells) == 11 and cells[0].isdigit() and cells[2] == "100 ms":
            yield f"{cells[0]} phones, {cells[1]}", *(number(cells[at]) for at in (3, 4, 6, 7, 9))


def draw_network():
    table, left, scale = list(sessions()), 130, 0.66
    height = 76 + 3 * ROW * len(table)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        text(10, 20, "From a proposal to its signature where a round trip takes 100 ms, in ms; black: the floor"),
    ]
    kinds = {"connected": "#4c78a8", "from disconnected": "#b8b8b8", "JavaScript, connected": "#f2b134"}
    for at, (name, colour) in enumerate(kinds.items()):
        out += [bar(left + at * 170, 30, 14, colour), text(left + 20 + at * 170, 42, name)]
    for at, (label, warm, warm_floor, cold, cold_floor, js) in enumerate(table):
        y = 60 + at * 3 * ROW
        out.append(text(left - 8, y + 26, label, "end"))
        rows = zip((warm, cold, js), (warm_floor, cold_floor, None), kinds.values())
        for row, (took, floor, colour) in enumerate(rows):
            if took is None:
                continue
            top = y + row * (ROW - 4)
            out += [bar(left, top, took * scale, colour), text(left + took * scale + 6, top + 12, f"{took:.0f}")]
            if floor:
                out.append(f'<line x1="{left + floor * scale:.1f}" y1="{top - 2}" x2="{left + floor * scale:.1f}" y2="{top + ROW - 6}" stroke="black" stroke-width="2"/>')
    out.append("</svg>")
    (ROOT / "docs" / "network.svg").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    draw_sessions()
    draw_deadlines()
    draw_network()
