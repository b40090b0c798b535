# SPDX-License-Identifier: Apache-2.0
"""A demo that stays up, as tests speak to it: through its socket, the command line, and like a browser."""
import http.cookiejar
import json
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from steps import Failure, same


class Demo:
    """It runs until it is left; `words` are its options."""

    def __init__(self, program, folder, *words):
        self.program, self.state = program, folder
        self.process = subprocess.Popen([program.path, "demo", "--state", folder, "--units", "1", "--port", "0", *words],
                                        stdout=subprocess.PIPE, text=True)
        self.said = []
        while not self.said or "view unit.list" not in self.said[-1]:
            line = self.process.stdout.readline()
            if not line:
                raise Failure("it ended by itself: " + "".join(self.said))
            self.said.append(line)
        self.url = next(line for line in self.said if "stays up at" in line).split("stays up at ")[1].split()[0]
        self.link = next(line.strip() for line in self.said if "/sign-in/" in line)
        self.certificate = folder + "/state/tls.crt"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        same(self.process.wait(60), 0, "how it ended")

    def who(self, name):
        return ["--profile", self.state + "/state/profile", "--server", self.url, "--as", name, "--key",
                f"{self.state}/people/{name}.key"]

    def knock(self, line):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(self.state + "/demo.sock")
            s.sendall(line)
            s.shutdown(socket.SHUT_WR)
            said = b""
            while piece := s.recv(65536):
                said += piece
        return said

    def ask(self, **request):
        return json.loads(self.knock(json.dumps(request).encode() + b"\n"))

    def refuses(self, code, **request):
        same(self.ask(**request).get("problem", {}).get("code"), code, str(request))

    def begin(self, **request):
        said = self.ask(**request)
        if "body" not in said:
            raise Failure(f"{request} should begin: {said}")
        return said["body"]["run"]

    def finish(self, number):
        while (run := self.ask(do="show", run=number)["body"])["state"] == "running":
            time.sleep(0.02)  # the demo needs the processor, too
        return run

    def run(self, **request):
        run = self.finish(self.begin(**request))
        same(run["state"], "done", f"{request}: {json.dumps(run)[-3000:]}")
        return run

    def rows(self, view, *words, name="quinn"):
        return self.program.ok("view", view, *words, "--all", "--json", *self.who(name)).json()["rows"]


class Browser:
    def __init__(self, demo):
        jar = http.cookiejar.CookieJar()
        if demo.url.startswith("http:"):  # a browser takes localhost for secure; Python does not know that
            jar.set_policy(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https")))
            self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        else:
            self.opener = urllib.request.build_opener(
                urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=demo.certificate)),
                urllib.request.HTTPCookieProcessor(jar))
        self.origin = demo.url

    def ask(self, path, data=None, origin=None):
        request = urllib.request.Request(self.origin + path, data=data)
        if data is not None:
            request.add_header("Origin", origin or self.origin)
        try:
            with self.opener.open(request) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
