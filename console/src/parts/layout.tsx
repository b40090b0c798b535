// SPDX-License-Identifier: Apache-2.0
// What stands around every page: where one can go, who looks, language and light, and what is wrong with the way here.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { remove } from "../base/api";
import { may, type Me } from "../base/me";
import { obstacle } from "../base/passkey";
import { usePlace } from "../base/router";
import { endStream, useStream } from "../base/stream";
import { chooseLanguage, language, t } from "../base/text";
import { Dialogs } from "./dialogs";

interface Item {
  to: string;
  text: string;
  permission?: string;
  /** Only where a demo runs the server. */
  demo?: true;
}

const GROUPS: { text: string; items: Item[] }[] = [
  {
    text: "nav.factory",
    items: [
      { to: "/", text: "nav.now" },
      { to: "/units", text: "nav.units", permission: "identity.read" },
      { to: "/authorizations", text: "nav.authorizations", permission: "line.read" },
      { to: "/station", text: "nav.station", permission: "line.shift" },
    ],
  },
  {
    text: "nav.supply",
    items: [
      { to: "/suppliers", text: "nav.suppliers", permission: "supplier.read" },
      { to: "/part-lots", text: "nav.part_lots", permission: "part.read" },
      { to: "/affected", text: "nav.affected", permission: "recall.read" },
      { to: "/shipments", text: "nav.shipments", permission: "custody.read" },
    ],
  },
  {
    text: "nav.decide",
    items: [
      { to: "/approvals", text: "nav.approvals", permission: "approval.read" },
      { to: "/firmware", text: "nav.firmware", permission: "firmware.read" },
      { to: "/nonconformances", text: "nav.nonconformances", permission: "recall.read" },
      { to: "/policy", text: "nav.policy", permission: "policy.read" },
      { to: "/records", text: "nav.records" },
    ],
  },
  {
    text: "nav.proof",
    items: [
      { to: "/evidence", text: "nav.evidence", permission: "ledger.read" },
      { to: "/verify", text: "nav.verify" },
      { to: "/attacks", text: "nav.attacks", permission: "ledger.read", demo: true },
      { to: "/doctor", text: "nav.doctor", permission: "access.read" },
      { to: "/people", text: "nav.people", permission: "access.read" },
    ],
  },
];

function isHere(to: string, here: string): boolean {
  if (to === "/") return here === "/";
  const one = to.replace(/ies$/, "y").replace(/s$/, "");
  return here === to || here.startsWith(`${one}/`);
}

function Navigation(props: { me: Me; open: boolean }) {
  const { path } = usePlace();
  return (
    <nav id="navigation" aria-label={t("nav")} class={props.open ? "open" : undefined}>
      {GROUPS.map((group) => {
        const items = group.items.filter(
          (i) => (i.permission === undefined || may(props.me, i.permission)) && (!i.demo || props.me.demo === true),
        );
        return (
          items.length > 0 && (
            <section key={group.text}>
              <h2>{t(group.text)}</h2>
              {items.map((item) => (
                <a key={item.to} href={item.to} aria-current={isHere(item.to, path) ? "page" : undefined}>
                  {t(item.text)}
                </a>
              ))}
            </section>
          )
        );
      })}
      <Choices />
    </nav>
  );
}

const LIGHTS = ["system", "light", "dark"] as const;

function showLight(light: string): void {
  if (light === "system") delete document.documentElement.dataset["light"];
  else document.documentElement.dataset["light"] = light;
}

/** What was chosen before; called before anything is drawn. */
export function startLight(): void {
  showLight(localStorage.getItem("light") ?? "system");
}

export function Choices() {
  const [light, setLight] = useState(localStorage.getItem("light") ?? "system");
  return (
    <div class="choices">
      <label>
        <span class="unseen">{t("language")}</span>
        <select value={language} onChange={(e) => chooseLanguage(e.currentTarget.value)}>
          <option value="en" lang="en" data-raw>English</option>
          <option value="zh" lang="zh" data-raw>简体中文</option>
          {language === "xx" && <option value="xx" data-raw>xx</option>}
        </select>
      </label>
      <label>
        <span class="unseen">{t("light")}</span>
        <select
          value={light}
          onChange={(e) => {
            localStorage.setItem("light", e.currentTarget.value);
            setLight(e.currentTarget.value);
            showLight(e.currentTarget.value);
          }}
        >
          {LIGHTS.map((name) => (
            <option key={name} value={name}>{t(`light.${name}`)}</option>
          ))}
        </select>
      </label>
    </div>
  );
}

export async function signOut(): Promise<void> {
  await remove("/v1/sessions").catch(() => undefined);
  endStream();
  location.assign("/");
}

function Way(props: { me: Me | undefined }) {
  const name = obstacle(props.me?.web);
  return name === undefined ? null : (
    <p class="banner" role="alert">
      {t(name, { origin: props.me?.web?.origin ?? document.documentElement.dataset["origin"] ?? "" })}
    </p>
  );
}

function SetUp(props: { me: Me }) {
  if (props.me.set_up !== false) return null;
  return (
    <p class="banner" role="status">
      {t("setup.unfinished")} <a href="/account">{t("setup.go")}</a>
    </p>
  );
}

function Line() {
  const state = useStream(() => undefined);
  return <span class={`line ${state}`} role="status">{t(`line.${state}`)}</span>;
}

export function Layout(props: { me: Me; children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <a class="skip" href="#main">{t("skip")}</a>
      <header class="top">
        <button type="button" class="menu quiet" aria-expanded={open} aria-controls="navigation"
          onClick={() => setOpen(!open)}>
          <span aria-hidden="true">☰</span>
          <span class="unseen">{t("nav")}</span>
        </button>
        <a class="brand" href="/" data-raw>Sealwright</a>
        <span class="origin" data-raw title={t("log.name")}>{props.me.origin}</span>
        <Line />
        <Choices />
        <a href="/account" class="who" data-raw>{props.me.principal}</a>
        <button type="button" class="quiet" onClick={() => void signOut()}>{t("sign_out")}</button>
      </header>
      <div class="body" onClick={(e) => setOpen(e.target instanceof Element && e.target.closest("nav .choices") !== null)}>
        <Navigation me={props.me} open={open} />
        <main id="main" tabIndex={-1}>
          <Way me={props.me} />
          <SetUp me={props.me} />
          {props.children}
        </main>
      </div>
      <Dialogs />
    </>
  );
}
