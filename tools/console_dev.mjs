// SPDX-License-Identifier: Apache-2.0
// console_dev.mjs SERVER CA_FILE [PORT]: for whoever works on the console. Serves console/src as it is now in place of the
// files in the program, and passes everything else to the server. Reload the page to see a change. Passkeys are bound
// to the server's own address: for them, build the program.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import os from "node:os";
import path from "node:path";

const [server, caFile, port = "5173"] = process.argv.slice(2);
if (server === undefined || caFile === undefined) {
  process.stderr.write("usage: node tools/console_dev.mjs https://localhost:8443 FOLDER/tls.crt [PORT]\n");
  process.exit(2);
}
const root = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "..");
const ca = server.startsWith("https:") ? readFileSync(caFile) : undefined;
const target = mkdtempSync(path.join(os.tmpdir(), "console-dev-"));

/** The same files as in the program, by the part of the name before the digest. */
function build() {
  for (const name of readdirSync(target)) rmSync(path.join(target, name), { recursive: true });
  const script = `import sys; sys.path.insert(0, "tools"); import console_bundle as b
for role, name, text in b.files_of(sys.argv[2], sys.argv[1]): open(sys.argv[1] + "/" + name, "w", encoding="utf-8").write(text)`;
  execFileSync("python3", ["-c", script, target, path.resolve(root)], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
}

function local(name) {
  const stem = name.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1");
  if (!name.startsWith("chunk-") && !/^[a-z_]+-[A-Z0-9]{8}\.js$/.test(name)) {
    const newest = readdirSync(target).find((n) => n.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1") === stem);
    return newest === undefined ? undefined : path.join(target, newest);
  }
  const exact = readdirSync(target).find((n) => n === name);
  const same = exact ?? readdirSync(target).find((n) => n.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1") === stem);
  return same === undefined ? undefined : path.join(target, same);
}

function pass(request, response) {
  const to = new URL(request.url ?? "/", server);
  const client = to.protocol === "https:" ? https : http;
  const onward = client.request(
    to,
    { method: request.method, headers: { ...request.headers, host: to.host }, ...(ca ? { ca } : {}) },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on("error", () => response.writeHead(502).end());
  request.pipe(onward);
}

http
  .createServer((request, response) => {
    const name = /^\/console\/([^/?]+)$/.exec(request.url ?? "")?.[1];
    if (request.headers.accept?.includes("text/html")) {
      try {
        build();
      } catch {
        /* esbuild has said what does not compile */
      }
    }
    const file = name === undefined ? undefined : local(name);
    if (file === undefined) return pass(request, response);
    response.setHeader("Content-Type", file.endsWith(".css") ? "text/css" : "text/javascript");
    response.setHeader("Cache-Control", "no-store");
    return response.end(readFileSync(file));
  })
  .listen(Number(port), "127.0.0.1", () => process.stdout.write(`http://localhost:${port}\n`));
build();
