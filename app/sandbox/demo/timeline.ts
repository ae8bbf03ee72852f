import picocolors from 'picocolors'

const { createColors } = picocolors

/** The demo's voice: who did what, when, and what came of it. */
export type Timeline = {
  scene(title: string): void
  did(who: string, what: string): void
  /** What is to be seen: a decision tree, a command's output. */
  show(text: string): void
  /** Something the scene promised; a false one ends the demo. */
  must(holds: boolean, promise: string): void
}

export class DemoFailure extends Error {}

/** @param colour whether who reads it sees colours */
export const createTimeline = (
  write: (line: string) => void,
  now: () => number,
  colour: boolean,
): Timeline => {
  const pc = createColors(colour)
  const started = now()
  const stamp = () => pc.dim(`${((now() - started) / 1000).toFixed(1).padStart(6)}s`)
  return {
    scene: (title) => write(`\n${pc.bold(title)}`),
    did: (who, what) => write(`${stamp()}  ${pc.cyan(who.padEnd(8))}  ${what}`),
    show: (text) => {
      for (const line of text.trimEnd().split('\n')) write(`${' '.repeat(19)}${pc.dim('│')} ${line}`)
    },
    must: (holds, promise) => {
      write(`${stamp()}  ${(holds ? pc.green : pc.red)((holds ? '✓' : '✗').padEnd(8))}  ${promise}`)
      if (!holds) throw new DemoFailure(`the demo's promise does not hold: ${promise}`)
    },
  }
}
