#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_table.py FILE: one table from the lines of the benchmarks, like
`P3 sqlite n=1000 value=512000 unit=entries/s limit=900000 ratio=0.57`."""
import sys

COLUMNS = ("what", "on", "n", "value", "unit", "limit", "ratio", "remarks")


def number(text):
    try:
        value = float(text)
    except ValueError:
        return text
    if value == int(value) or abs(value) >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value


def row(line):
    """The columns of one line, or None for a line that is not a measurement."""
    words = line.split()
    if len(words) < 3 or "=" in words[0] + words[1]:
        return None
    pairs = dict(w.split("=", 1) for w in words[2:] if "=" in w)
    if "value" not in pairs:
        return None
    rest = " ".join(w for w in words[2:] if w.split("=")[0] not in COLUMNS)
    return (words[0], words[1], number(pairs.get("n", "")), number(pairs["value"]),
            pairs.get("unit", ""), number(pairs.get("limit", "")), number(pairs.get("ratio", "")),
            rest)


def main():
    rows, others = [COLUMNS], []
    for line in open(sys.argv[1], encoding="utf-8"):
        columns = row(line)
        if columns:
            rows.append(columns)
        elif line.strip():
            others.append(line.rstrip())
    widths = [max(len(r[i]) for r in rows) for i in range(len(COLUMNS))]
    for r in rows:
        cells = [c.rjust(w) if 2 <= i <= 3 or 5 <= i <= 6 else c.ljust(w)
                 for i, (c, w) in enumerate(zip(r, widths))]
        print("  ".join(cells).rstrip())
    print("\n".join(others))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
