#!/usr/bin/env python3
"""Draws docs/benchmarks.svg from the first table of BENCHMARKS.md."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDTH, ROW, LEFT, SCALE = 760, 22, 130, 230
COLOURS = {"bare": "#4c78a8", "envelopes": "#f2b134", "rest": "#b8b8b8"}


def rows():
    """Returns (signers, items, machine, bare, envelopes), the times in ms."""
    for line in (ROOT / "BENCHMARKS.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 7 and cells[0].isdigit() and cells[1].isdigit():
            machine, bare, envelopes = (float(cell.split()[0]) for cell in cells[2:5])
            yield int(cells[0]), int(cells[1]), machine, bare, envelopes


def bar(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y}" width="{max(width, 0):.1f}" height="{ROW - 8}" fill="{colour}"/>'


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{words}</text>'


def main():
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


if __name__ == "__main__":
    main()
