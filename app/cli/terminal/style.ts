import pc from 'picocolors'
import type { Output } from '../deps.ts'

type Environment = Readonly<Record<string, string | undefined>>
export type Style = ReturnType<typeof pc.createColors>

/** Colour on a terminal only, and not with NO_COLOR (no-color.org: set and not empty). */
export function styleFor(output: Pick<Output, 'isTTY'>, env: Environment): Style {
  return pc.createColors(output.isTTY && !env.NO_COLOR && env.TERM !== 'dumb')
}

/** A state in its colour: what waits is yellow, what is open green, what was refused or is stuck red. */
export function stateColour(style: Style, state: string): string {
  if (['active', 'approved', 'granted'].includes(state)) return style.green(state)
  if (['pending', 'scheduled', 'provisioning', 'revoking'].includes(state)) return style.yellow(state)
  if (['denied', 'refused', 'failed', 'quarantined'].includes(state)) return style.red(state)
  return style.dim(state)
}
