// SPDX-License-Identifier: Apache-2.0
// Who counts by a charter, whether its rules can be met, and what may follow it.
import type { Charter, CharterKey, Person, Rule } from "./charter";

export function charterKey(c: Charter, id: string): CharterKey | null {
  return c.keys.find((key) => key.id === id) ?? null;
}

/** The rule of the class, or that of "*". */
export function charterRule(c: Charter, approvalClass: string): Rule | null {
  const named = c.rules.find((rule) => rule.name === approvalClass);
  return named ?? c.rules.find((rule) => rule.name === "*") ?? null;
}

export function isMember(c: Charter, person: number, group: string): boolean {
  return c.persons[person]?.groups.includes(group) ?? false;
}

/** Whether the rule lets this person's approval count. */
export function counts(c: Charter, rule: Rule, person: number): boolean {
  return rule.from.some((group) => isMember(c, person, group));
}

function eligibleIn(c: Charter, rule: Rule, group: string): number {
  return c.persons.filter((_, i) => counts(c, rule, i) && isMember(c, i, group)).length;
}

export function eligible(c: Charter, rule: Rule): number {
  return c.persons.filter((_, i) => counts(c, rule, i)).length;
}

function ruleWrong(c: Charter, rule: Rule): string | null {
  const founded = c.mode === "founded";
  if (rule.need === 0 && founded) return "verify.wrong.charter.no_need";
  if (rule.must.some((must) => eligibleIn(c, rule, must.group) < must.need))
    return "verify.wrong.charter.must";
  const most = Math.max(rule.need, ...rule.must.map((must) => must.need));
  const all = eligible(c, rule);
  if (all === 0 || all < most + (founded ? 1 : 0)) return "verify.wrong.charter.too_few";
  const outside = c.keys.some((key) => key.outside && counts(c, rule, key.person));
  return outside ? null : "verify.wrong.charter.none_outside";
}

/** Null, or why its rules cannot stand. */
export function charterRulesWrong(c: Charter): string | null {
  if (charterRule(c, "charter") === null) return "verify.wrong.charter.no_rule";
  for (const rule of c.rules) {
    const wrong = ruleWrong(c, rule);
    if (wrong !== null) return wrong;
  }
  return null;
}

// ---- what may follow ----

function sameText(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

function joins(before: Person | undefined, then: Person): boolean {
  return before === undefined || then.groups.some((group) => !before.groups.includes(group));
}

/** Whoever leaves takes no voice from the others, and must be able to leave when one is lost. */
function nobodyGains(now: Charter, next: Charter): boolean {
  return next.persons.every(
    (then) =>
      !joins(
        now.persons.find((person) => person.id === then.id),
        then,
      ),
  );
}

function sameRule(a: Rule, b: Rule): boolean {
  return (
    a.name === b.name &&
    a.need === b.need &&
    sameText(a.from, b.from) &&
    sameText(
      a.must.map((must) => `${must.group} ${must.need}`),
      b.must.map((must) => `${must.group} ${must.need}`),
    ) &&
    a.requestLife === b.requestLife &&
    a.voteLife === b.voteLife &&
    a.newcomer === b.newcomer
  );
}

function sameRules(a: Charter, b: Charter): boolean {
  return a.rules.length === b.rules.length && a.rules.every((rule, i) => sameRule(rule, b.rules[i] ?? rule));
}

function sameRecovery(a: Charter, b: Charter): boolean {
  const told = (c: Charter): string[] =>
    c.recovery.map((one) => `${one.keeper} ${one.key.id} ${one.key.kind}`);
  return a.recoveryNeed === b.recoveryNeed && sameText(told(a), told(b));
}

function samePlaces(a: Charter, b: Charter): boolean {
  return (
    a.mode === b.mode &&
    a.anchor === b.anchor &&
    (a.relyingParty ?? "") === (b.relyingParty ?? "") &&
    sameText(a.webOrigins, b.webOrigins) &&
    sameText(a.witnesses, b.witnesses)
  );
}

/** Whether `next` may follow at all, and whether one more must agree than the rule says. */
export function follows(now: Charter, next: Charter): { wrong: string | null; more: boolean } {
  const isNext =
    next.revision === now.revision + 1n && next.previous === now.digest && next.origin === now.origin;
  if (!isNext) return { wrong: "verify.wrong.charter.follows", more: true };
  if (next.mode !== now.mode && (now.mode !== "bootstrap" || next.mode !== "founded")) {
    return { wrong: "verify.wrong.charter.mode", more: true };
  }
  const same =
    nobodyGains(now, next) && sameRules(now, next) && sameRecovery(now, next) && samePlaces(now, next);
  return { wrong: null, more: !same };
}

/** The place of a key in the charter before, if it was there on the same terms; what is not is a newcomer. */
export function staysFrom(before: Charter, next: Charter, key: CharterKey): number | null {
  const place = before.keys.findIndex((one) => one.id === key.id);
  const was = before.keys[place];
  const person = next.persons[key.person];
  if (was === undefined || person === undefined) return null;
  const then = before.persons[was.person];
  const same =
    then?.id === person.id &&
    !joins(then, person) &&
    was.kind === key.kind &&
    (was.application ?? "") === (key.application ?? "") &&
    (!key.outside || was.outside);
  return same ? place : null;
}
