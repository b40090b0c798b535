// SPDX-License-Identifier: Apache-2.0
// What does not hold, by the name of its text in messages/console, and what the text shows.

export type Values = Record<string, string>;

export class Wrong extends Error {
  constructor(
    readonly code: string,
    readonly values: Values = {},
    /** The record that it is about, if it is about one. */
    readonly at: bigint | null = null,
  ) {
    super(code);
    this.name = "Wrong";
  }
}

/**
 * What this browser cannot compute: never taken for something that does not hold, nor for something that
 * does.
 */
export class Unable extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = "Unable";
  }
}

export function need(condition: boolean, code: string, values: Values = {}): asserts condition {
  if (!condition) throw new Wrong(code, values);
}

export function needAt(condition: boolean, code: string, at: bigint): asserts condition {
  if (!condition) throw new Wrong(code, {}, at);
}

/** What is wrong inside is wrong with this record. */
export async function about<T>(at: bigint, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Wrong && error.at === null) throw new Wrong(error.code, error.values, at);
    throw error;
  }
}
