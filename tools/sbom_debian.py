# SPDX-License-Identifier: Apache-2.0
"""sbom_debian.py: what this machine says about a program: the libraries that its loader finds, the
Debian packages that these came in, and what the packages' copyright files say. Nothing is guessed:
a library without a package, and a package that is not whole, is an error."""
import hashlib
import os
import re
import subprocess

NEEDED = re.compile(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]")
FOUND = re.compile(r"^\s*(?:(\S+) => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version",
          "db:Status-Status")


class Wrong(Exception):
    """The machine's answer cannot be used."""


def run(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env={**os.environ, "LC_ALL": "C", "LD_PRELOAD": ""})
    except FileNotFoundError:
        raise Wrong("%s is not installed" % command[0]) from None
    if done.returncode != 0:
        raise Wrong("%s: %s" % (" ".join(command), done.stderr.decode(errors="replace").strip()))
    return done.stdout.decode(errors="replace")


def needs_of(paths):
    """{file: names of the libraries that it was linked with}"""
    made, at = {path: set() for path in paths}, paths[0]
    # With several files readelf says before each which one it is.
    for line in run("readelf", "-dW", *paths).splitlines():
        if line.startswith("File: "):
            at = line[len("File: "):]
        made[at] |= set(NEEDED.findall(line))
    return {path: sorted(names) for path, names in made.items()}


def needed(path):
    return needs_of([path])[path]


def loaded(binary):
    """{name of a library: its file}, as the loader finds them."""
    text = run("ldd", binary)
    if "not found" in text:
        raise Wrong("%s: a library is missing:\n%s" % (binary, text))
    return {name or os.path.basename(path): path for name, path in FOUND.findall(text)}


def closure(binary):
    """{library name: (file, names that it needs)} of everything that `binary` is linked with, and
    directly linked names. What readelf follows and what the loader finds must be the same set."""
    files, seen = loaded(binary), {}
    needs = needs_of([binary, *files.values()])
    direct = needs[binary]
    waiting = list(direct)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        if name not in files:
            raise Wrong("%s needs %s, which the loader does not find" % (binary, name))
        seen[name] = (files[name], needs[files[name]])
        waiting += seen[name][1]
    # The loader itself is in the list whether or not somebody names it.
    extra = [n for n in files if n not in seen and not n.startswith("ld-linux")]
    if extra:
        raise Wrong("%s: nobody needs %s" % (binary, ", ".join(sorted(extra))))
    return direct, seen


def names_of(path):
    """Merged /usr: one file has several names, and dpkg knows one of them."""
    names = [path, os.path.realpath(path)]
    return names + [n[4:] if n.startswith("/usr/") else "/usr" + n for n in names]


def owners(paths):
    """{path: the package that brought it}, for files of this machine."""
    wanted = sorted({name for path in paths for name in names_of(path)})
    # dpkg-query fails as soon as one name is unknown to it, and says the others nevertheless.
    done = subprocess.run(["dpkg-query", "-S", *wanted], stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    said, found = {}, {}
    for line in done.stdout.decode(errors="replace").splitlines():
        package, mark, file = line.rpartition(": ")
        if mark and not package.startswith("diversion"):
            said[file] = package.split(",")[0].strip()
    for path in paths:
        found[path] = next((said[name] for name in names_of(path) if name in said), None)
        if found[path] is None:
            raise Wrong("%s belongs to no package" % path)
    return found


def describe(packages):
    """{package without its architecture: its fields}, of those that are installed."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "\t".join("${%s}" % f for f in FIELDS) + "\n",
                           *packages], stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    found = {}
    for line in done.stdout.decode(errors="replace").splitlines():
        values = dict(zip(FIELDS, line.split("\t")))
        if values["db:Status-Status"] == "installed":
            found.setdefault(values["Package"], values)
    return found


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        for part in iter(lambda: f.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def copyright_text(package):
    """The copyright file, which Debian's policy demands of every package."""
    try:
        with open("/usr/share/doc/%s/copyright" % package, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        raise Wrong("%s has no copyright file" % package) from None


def stanzas(text):
    """[(files, license)] of a machine-readable copyright file (DEP 5); None for another."""
    if not re.match(r"(?i)format(-specification)?:\s*\S*copyright-?format|format:\s*\S*dep5", text):
        return None
    found = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        fields, name = {}, None
        for line in paragraph.split("\n"):
            if line.startswith((" ", "\t")) and name:
                fields[name] += " " + line.strip()
            elif ":" in line and not line.startswith("#"):
                name, _, value = line.partition(":")
                name = name.lower()
                # A license's text follows its name on the lines after; only the name counts.
                fields[name] = value.strip()
                if name == "license":
                    found_name, name = value.strip(), None
                    fields["license"] = found_name
        if "files" in fields and "license" in fields:
            found.append((fields["files"].strip(), fields["license"]))
    return found


def listed(root, array):
    """The packages that tools/packages.sh names in one of its arrays."""
    return run("bash", "-c", '. "$1/tools/packages.sh"; printf "%%s\\n" "${%s[@]}"' % array, "bash",
               root).split()
