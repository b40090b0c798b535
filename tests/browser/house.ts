// SPDX-License-Identifier: Apache-2.0
// A real house for the tests: `sealwright demo` with its server on http://localhost, where passkeys work, and people who
// sign in by links that their own keys make.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const START_LIMIT_MS = 240_000;

export interface HouseOptions {
  units?: number;
  /** Without: plain http on localhost. */
  tls?: boolean;
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

  /** Tells the demo's story, then the server stays up. */
  async start(options: HouseOptions = {}): Promise<void> {
    const words = ["demo", "--state", this.state, "--units", String(options.units ?? 8), "--port", "0", "--pace", "0"];
    if (options.tls !== true) words.push("--http");
    const child = spawn(this.program, words, {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    const log = createWriteStream(path.join(this.folder, "demo.log"));
    child.stderr?.pipe(log);
    this.url = await new Promise<string>((found, failed) => {
      let said = "";
      const limit = setTimeout(() => failed(new Error(`the demo did not come up:\n${said}`)), START_LIMIT_MS);
      child.on("exit", (code) => failed(new Error(`the demo ended with ${code}:\n${said}`)));
      child.stdout?.on("data", (piece: Buffer) => {
        log.write(piece);
        said += piece.toString();
        const link = /(https?:\/\/localhost:\d+)\/sign-in\//.exec(said);
        if (link?.[1] === undefined) return;
        clearTimeout(limit);
        found(link[1]);
      });
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

  key(person: string): string {
    return path.join(this.state, "people", `${person}.key`);
  }

  /** The command line, as this person; what it said. */
  async as(person: string, ...words: string[]): Promise<string> {
    const profile = path.join(this.state, "state", "profile");
    const who = ["--profile", profile, "--server", this.url, "--as", person, "--key", this.key(person)];
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
