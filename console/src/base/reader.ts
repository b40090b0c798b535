// SPDX-License-Identifier: Apache-2.0
// Reading something again and again, one reading at a time.
import { Away, type Problem, problemFrom } from "./api";

const AGAIN_MS = 5000;

/** Who asks while it is read has it read once more, after a rest as long as the reading was. Else events that come
 * faster than answers would end every reading before its answer is there. */
export class Reader<T> {
  readonly #stop = new AbortController();
  #reading = false;
  #more = false;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly read: (signal: AbortSignal) => Promise<T>,
    private readonly tell: (found: { value: T } | { error: Away | Problem }) => void,
    private readonly busy: (busy: boolean) => void,
  ) {}

  readonly ask = (): void => {
    if (this.#reading) {
      this.#more = true;
      return;
    }
    clearTimeout(this.#later);
    void this.#run();
  };

  async #run(): Promise<void> {
    const began = Date.now();
    this.#reading = true;
    this.#more = false;
    this.busy(true);
    const told = await this.read(this.#stop.signal).then(
      (value) => ({ value }),
      (e: unknown) => ({ error: e instanceof Away || this.#stop.signal.aborted ? new Away() : problemFrom(e) }),
    );
    if (this.#stop.signal.aborted) return;
    this.tell(told);
    this.busy(false);
    if (this.#more) {
      this.#later = setTimeout(() => void this.#run(), Date.now() - began);
      return;
    }
    this.#reading = false;
    if ("error" in told && told.error instanceof Away) this.#later = setTimeout(this.ask, AGAIN_MS);
  }

  end(): void {
    this.#stop.abort();
    clearTimeout(this.#later);
  }
}
