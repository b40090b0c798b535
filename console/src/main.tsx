// SPDX-License-Identifier: Apache-2.0
// The console: addresses, who is signed in, and the page that belongs to the address, loaded when it is opened.
import { type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { MeProvider, useKnown } from "./base/me";
import { match, type Route, startRouter, usePlace } from "./base/router";
import { loadPages, t } from "./base/text";
import { Now } from "./pages/now";
import { SignIn } from "./pages/sign_in";
import { Again } from "./parts/again";
import { Busy, Empty, Title } from "./parts/bits";
import { Layout, startLight } from "./parts/layout";
import { ROUTES } from "./routes";

type PageType = ComponentType<{ arguments: string[] }>;
const loaded = new Map<Route, PageType>();

function Missing() {
  return (
    <>
      <Title>{t("missing.title")}</Title>
      <Empty title={t("missing.text")}><a href="/">{t("missing.home")}</a></Empty>
    </>
  );
}

const AGAIN_MS = 5000;

/** A page whose files did not come: as soon as the server answers, everything is loaded anew, for it may be another
 * version by then. What was typed is kept. */
function useRetry(failed: boolean) {
  useEffect(() => {
    if (!failed) return undefined;
    const timer = window.setInterval(() => {
      fetch("/").then(
        (answer) => answer.ok && location.reload(),
        () => undefined,
      );
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [failed]);
}

function Routed() {
  const { path } = usePlace();
  const [, setLoads] = useState(0);
  const [failed, setFailed] = useState(false);
  const route = ROUTES.find((r) => match(r.pattern, path) !== undefined);
  const Page = path === "/" ? Now : route && loaded.get(route);
  useRetry(failed);
  useEffect(() => {
    if (route === undefined || loaded.has(route)) return;
    setFailed(false);
    Promise.all([route.load(), loadPages()]).then(
      ([module]) => {
        loaded.set(route, module.default);
        setLoads((n) => n + 1);
      },
      () => setFailed(true),
    );
  }, [route]);
  if (Page !== undefined) return <Page key={path} arguments={(route && match(route.pattern, path)) ?? []} />;
  if (route === undefined) return <Missing />;
  return failed ? <Empty title={t("server.away")} /> : <Busy text={t("loading")} />;
}

/** Reading a passport needs nobody's leave. */
const OPEN = "/verify";

function Console() {
  const { known } = useKnown();
  const { path } = usePlace();
  if (known.state === "known") {
    return (
      <>
        <Layout me={known.me}>
          <Routed />
        </Layout>
        <Again />
      </>
    );
  }
  if (known.state === "loading") return <Busy text={t("loading")} />;
  if (known.state === "away") return <Empty title={t("server.away")} />;
  return path === OPEN ? <main class="alone"><Routed /></main> : <SignIn />;
}

startLight();
startRouter();
const root = document.getElementById("console");
if (root !== null) {
  render(
    <MeProvider>
      <Console />
    </MeProvider>,
    root,
  );
}
