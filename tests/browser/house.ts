// SPDX-License-Identifier: Apache-2.0
// A real house for the tests: `sealwright demo` with its server on http://localhost, where passkeys work, and people who
// sign in by links that their own keys make.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const START_LIMIT_MS = 240_000;

/** A port of loopback that nobody listens at. */
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = net.createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const at = server.address();
      server.close(() => (at !== null && typeof at === "object" ? found(at.port) : failed(new Error("no port"))));
    });
  });
}

export class House {
  readonly program: string;
  readonly folder: string;
  url = "";
  #process: ChildProcess | undefined;

  constructor(program: string) {
    this.program = program;
    this.folder = mkdtempSync(path.join(os.tmpdir(), "sealwright-browser-"));
  }

  get state(): string {
    return path.join(this.folder, "demo");
  }

  /** Tells the demo's story; then its server stays up on http://localhost. */
  async start(units = 8): Promise<void> {
    const words = ["demo", "--state", this.state, "--units", String(units), "--port", String(await freePort()), "--http"];
    words.push("--pace", "0");
    this.url = await this.#spawn(words, /(http:\/\/localhost:\d+)\/sign-in\//);
  }

  /** Tells the story once, and then serves the same house with other settings. `before` may do something to the store
   * that nobody serves. */
  async startServer(settings: (port: number) => string[], before?: () => void): Promise<void> {
    await run(this.program, ["demo", "--once", "--state", this.state, "--units", "2"], { maxBuffer: 16 << 20 });
    before?.();
    const port = await freePort();
    const all = settings(port);
    const words = ["serve", path.join(this.state, "state"), "--port", String(port)];
    for (const setting of all) words.push("--set", setting);
    await this.#spawn(words, /event=listening/);
    this.url = `${all.includes("tls=machines") ? "http" : "https"}://localhost:${port}`;
  }

  /** What it said when it was up. */
  #spawn(words: string[], up: RegExp): Promise<string> {
    const child = spawn(this.program, words, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    const log = createWriteStream(path.join(this.folder, "house.log"));
    return new Promise<string>((found, failed) => {
      let said = "";
      const limit = setTimeout(() => failed(new Error(`the house did not come up:\n${said}`)), START_LIMIT_MS);
      child.on("exit", (code) => failed(new Error(`the house ended with ${code}:\n${said}`)));
      const hear = (piece: Buffer) => {
        log.write(piece);
        if (said.length < 1 << 20) said += piece.toString();
        const match = up.exec(said);
        if (match === null) return;
        clearTimeout(limit);
        found(match[1] ?? "");
      };
      child.stdout?.on("data", hear);
      child.stderr?.on("data", hear);
    });
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What a browser must trust, when the house speaks TLS. */
  get certificate(): string {
    return path.join(this.state, "state", "tls.crt");
  }

  key(person: string): string {
    return path.join(this.state, "people", `${person}.key`);
  }

  /** The command line, as this person; what it said. */
  async as(person: string, ...words: string[]): Promise<string> {
    const profile = path.join(this.state, "state", "profile");
    const who = ["--profile", profile, "--server", this.url, "--as", person, "--key", this.key(person)];
    if (this.url.startsWith("https:")) who.push("--ca", this.certificate);
    const { stdout } = await run(this.program, [...words, ...who], { maxBuffer: 64 << 20 });
    return stdout;
  }

  /** A link that signs this person's browser in, once. */
  async link(person: string): Promise<string> {
    const said = await this.as(person, "sign-in-link");
    const link = /https?:\/\/\S+\/sign-in\/\S+/.exec(said)?.[0];
    if (link === undefined) throw new Error(`no link in: ${said}`);
    return link;
  }
}
