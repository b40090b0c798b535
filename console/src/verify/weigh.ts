// SPDX-License-Identifier: Apache-2.0
// Whether a decision has the approvals that its charter's rule asks for.
import type { Charter, CharterKey, Rule } from "./charter";
import { charterRule, counts, eligible, isMember } from "./charter_rules";

const AHEAD = 120000;
export const VOTES_MAX = 64;

export interface Vote {
  /** Null: nobody's by the charter. */
  key: CharterKey | null;
  made: number;
  /** 0: none. */
  notAfter: bigint;
  /** Since when the charter knows the key; 0: since its first revision. */
  keySince: number;
}

export interface Question {
  approvalClass: string;
  author: CharterKey | null;
  authorMade: number;
  votes: readonly Vote[];
  now: number;
  /** Persons beyond the rule's need, as many as are eligible. */
  more: number;
}

export type Verdict =
  "agreed" | "no_rule" | "author_unknown" | "too_few" | "must_missing" | "none_outside" | "request_over";

/** Later than it may be, or of the future. */
function isOver(made: number, life: number, now: number): boolean {
  return made > now ? made - now > AHEAD : now - made > life;
}

function voteCounts(c: Charter, rule: Rule, q: Question, author: CharterKey, vote: Vote): boolean {
  const { key } = vote;
  if (key === null || key.person === author.person || !counts(c, rule, key.person)) return false;
  if (isOver(vote.made, rule.voteLife, q.now)) return false;
  if (vote.notAfter !== 0n && BigInt(q.now) > vote.notAfter) return false;
  return vote.keySince === 0 || (q.now >= vote.keySince && q.now - vote.keySince >= rule.newcomer);
}

/**
 * Places of the votes that count; those made outside first: whoever voted twice is counted by the better
 * vote.
 */
function countedVotes(c: Charter, rule: Rule, q: Question, author: CharterKey): Map<number, CharterKey> {
  const used = new Map<number, CharterKey>();
  const persons = new Set<number>();
  for (const outside of [true, false]) {
    q.votes.slice(0, VOTES_MAX).forEach((vote, place) => {
      const { key } = vote;
      if (key === null || key.outside !== outside || persons.has(key.person)) return;
      if (!voteCounts(c, rule, q, author, vote)) return;
      used.set(place, key);
      persons.add(key.person);
    });
  }
  return used;
}

function personsNeeded(c: Charter, rule: Rule, q: Question, author: CharterKey): number {
  const others = eligible(c, rule) - (counts(c, rule, author.person) ? 1 : 0);
  return Math.max(rule.need, Math.min(rule.need + q.more, others));
}

function verdictOf(c: Charter, rule: Rule, q: Question, author: CharterKey, counted: CharterKey[]): Verdict {
  const needed = personsNeeded(c, rule, q, author);
  const alone = needed === 0 && counts(c, rule, author.person);
  if (isOver(q.authorMade, rule.requestLife, q.now)) return "request_over";
  // Nobody who may approve said anything: needing nobody does not make it agreed.
  if (counted.length < (needed === 0 && !alone ? 1 : needed)) return "too_few";
  const signs = (group: string): number => counted.filter((key) => isMember(c, key.person, group)).length;
  if (rule.must.some((must) => signs(must.group) < must.need)) return "must_missing";
  if (!counted.some((key) => key.outside) && !(alone && author.outside)) return "none_outside";
  return "agreed";
}

export interface Weighed {
  verdict: Verdict;
  /** Places of the votes that counted. */
  used: number[];
}

export function weigh(c: Charter, q: Question): Weighed {
  const rule = charterRule(c, q.approvalClass);
  const { author } = q;
  if (rule === null || author === null)
    return { verdict: rule === null ? "no_rule" : "author_unknown", used: [] };
  const counted = countedVotes(c, rule, q, author);
  return { verdict: verdictOf(c, rule, q, author, [...counted.values()]), used: [...counted.keys()] };
}
